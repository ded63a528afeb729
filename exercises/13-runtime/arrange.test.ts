// The visible checks of arrange.ts: parts of a container that work in one order only. The kernel says which.
import { randomInt } from 'node:crypto'
import { check, same, type Context, type Exercise, type Seen } from '@pocker/grader'
import {
  because, capset, chdir, close, CLONE_NEWNS, CLONE_NEWUTS, dropBounding, CAP, keepCapabilities, mkdir, MNT_DETACH, mount, MS_BIND,
  MS_PRIVATE, MS_REC, open, O_CLOEXEC, O_WRONLY, PR_SET_DUMPABLE, pivot_root, setgroups, setresgid, setresuid, toJson, umount2, write,
  type Json, type Syscall,
} from '@pocker/syscalls'

/** As the answer gets it. */
const part = (name: string, child: readonly Syscall[]): Json =>
  ({ name, child: (toJson({ name, child }) as { child: Json }).child })

const SCORE = '/proc/self/oom_score_adj'
const oom = (score: number): Json => part('oom', [
  because('or its files in /proc would be another user\'s', { call: 'prctl', args: [PR_SET_DUMPABLE, 1, 0, 0, 0] }),
  { ...open(SCORE, O_WRONLY | O_CLOEXEC), as: 'score' }, write({ resultOf: 'score' }, String(score)), close({ resultOf: 'score' }),
])
/** The machine's own files again, and nothing that is mounted on them. */
const root = (): Json => part('mount', [
  mount(null, '/', null, MS_REC | MS_PRIVATE, null), mkdir('/tmp/root', 0o755), mount('/', '/tmp/root', null, MS_BIND, null),
  chdir('/tmp/root'), because('the root changes', pivot_root('.', '.')), umount2('.', MNT_DETACH), chdir('/'),
])
const user = (id: number): Json => part('user', [keepCapabilities(), setgroups([]), setresgid(id), setresuid(id)])
const CAPABILITY = 'CAP_KILL'
const bounding = (): Json => part('bounding', Object.entries(CAP)
  .filter(([name, bit]) => name !== CAPABILITY && bit <= 37).map(([, bit]) => dropBounding(bit)))
const kept = (): Json => part('capabilities', [capset({ effective: [CAPABILITY], permitted: [CAPABILITY], inheritable: [] })])

/** The namespaces are not the answer's business. Parts that change the user need a machine that has others. */
const together = async ({ compute, run }: Context, ...parts: Json[]): Promise<Seen> =>
  run({ ...await compute(parts), flags: CLONE_NEWUTS | CLONE_NEWNS }, { handed: { groups: [6] } })

const moved = check({
  id: 'moved',
  title: 'the root changes, and the user',
  points: 2,
  hint: 'which capability does mount need, and which part takes it away?',
  lesson: 'the-code',
}, async (context) => {
  const id = randomInt(1000, 20_000)
  const { rights: { uids }, mounts } = await together(context, user(id), root())
  const four = [id, id, id, id].join(' ')
  same(uids, four, `Uid: expected ${four}, got ${uids}`)
  const points = mounts.map(({ point }) => point).join(' ')
  same(points, '/', `mounts: expected / and no other, got ${points}`)
})

const score = check({
  id: 'score',
  title: 'what is written to /proc is written',
  points: 1,
  hint: 'the new root has no /proc. Until when is there one?',
  lesson: 'the-code',
}, async (context) => {
  const wanted = randomInt(600, 1000)
  const got = (await together(context, root(), oom(wanted))).score
  same(String(got), String(wanted), `oom_score_adj: expected ${wanted}, got ${got}`)
})

const rights = check({
  id: 'rights',
  title: 'the user changes, and the capabilities on both sides of it',
  points: 2,
  hint: 'write down what each of the three parts needs, and what a change of user empties: chapter 12 has it',
  lesson: 'the-code',
}, async (context) => {
  const id = randomInt(1000, 20_000)
  const seen = await together(context, kept(), user(id), bounding())
  const got = seen.rights.capabilities.bounding.filter((name) => (CAP[name] ?? 64) <= 37).join(' ')
  same(got, CAPABILITY, `CapBnd: expected ${CAPABILITY}, got ${got || 'none'}`)
})

export const exercise: Exercise = {
  id: '13-runtime/arrange', title: 'One order', points: 8, checks: [moved, score, rights],
}
