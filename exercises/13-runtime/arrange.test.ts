// The visible checks of arrange.ts: parts of a container that work in one order only. The kernel says which.
import { randomInt } from 'node:crypto'
import { check, Failure, same, type Context, type Exercise, type Seen, type Surroundings } from '@pocker/grader'
import {
  because, capset, chdir, close, CLONE_NEWNS, CLONE_NEWUTS, dropBounding, CAP, keepCapabilities, mkdir, MNT_DETACH, mount, MS_BIND,
  MS_PRIVATE, MS_REC, open, O_CLOEXEC, O_WRONLY, PR_SET_DUMPABLE, pivot_root, setgroups, setresgid, setresuid, toJson, umount2, write,
  type Isolation, type Json, type Syscall,
} from '@pocker/syscalls'

/** As the answer gets it. */
export const part = (name: string, child: readonly Syscall[]): Json =>
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

/** As text, whatever is said about it. */
const plain = ({ call, args }: Step): string => JSON.stringify([call, args])
interface Step { readonly call: string; readonly args: Json }

/** @throws {Failure} unless all steps of all parts are in the plan, in their order: not all of them leave a trace */
function complete(plan: Isolation, parts: readonly Json[]): void {
  const { before = [], child = [] } = toJson(plan) as unknown as { before?: readonly Step[]; child?: readonly Step[] }
  const there = [...before, ...child].map(plain)
  const last = new Map<string, number>()
  for (const { name, child: steps } of parts as unknown as readonly { name: string; child: readonly Step[] }[]) {
    for (const step of steps) {
      const at = there.indexOf(plain(step), (last.get(name) ?? -1) + 1)
      const message = `a step of the part ${name} is missing, or stands before those that came before it: ${step.call}`
      if (at < 0) throw new Failure(message, { expected: plain(step), seen: there.slice(last.get(name) ?? 0).join(' ') })
      last.set(name, at)
    }
  }
}

/** The namespaces are not the answer's business. Parts that change the user need a machine that has others. */
export async function together({ compute, run }: Context, parts: readonly Json[], surroundings: Surroundings = {}): Promise<Seen> {
  const plan = await compute(parts)
  const seen = await run({ ...plan, flags: CLONE_NEWUTS | CLONE_NEWNS }, surroundings)
  complete(plan, parts)
  return seen
}
const HANDED = { handed: { groups: [6] } }

const moved = check({
  id: 'moved',
  title: 'the root changes, and the user',
  points: 2,
  hint: 'which capability does mount need, and which part takes it away?',
  lesson: 'the-code',
}, async (context) => {
  const id = randomInt(1000, 20_000)
  const { rights: { uids }, mounts } = await together(context, [user(id), root()], HANDED)
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
  const got = (await together(context, [root(), oom(wanted)], HANDED)).score
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
  const seen = await together(context, [kept(), user(id), bounding()], HANDED)
  const got = seen.rights.capabilities.bounding.filter((name) => (CAP[name] ?? 64) <= 37).join(' ')
  same(got, CAPABILITY, `CapBnd: expected ${CAPABILITY}, got ${got || 'none'}`)
})

export const exercise: Exercise = {
  id: '13-runtime/arrange', title: 'One order', points: 8, checks: [moved, score, rights],
}
