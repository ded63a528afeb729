// The visible checks of mapped.ts. They judge what the kernel says, not what the answer prints.
import { randomInt } from 'node:crypto'
import { check, Failure, same, type Context, type Exercise, type Seen } from '@pocker/grader'

/** Ids of the sandbox, above those of its own users. */
const someIds = () => ({ uid: randomInt(1000, 30_000), gid: randomInt(30_000, 60_000), size: randomInt(2, 1000) })
const ROOT = { uid: 0, gid: 0 }

async function seen({ compute, run }: Context, ids: ReturnType<typeof someIds>): Promise<Seen> {
  const container = await run(await compute(ids), { user: ROOT })
  const { namespaces, sandbox } = container
  if (namespaces['user'] !== sandbox.namespaces['user']) return container
  throw new Failure('CLONE_NEWUSER is missing: root of the container is root of the machine')
}

const users = check({
  id: 'users',
  title: 'its users are the ids that were asked for',
  points: 2,
  hint: 'uid_map has three numbers in a line: the first id inside, the first id outside, how many',
  lesson: 'try-it',
}, async (context) => {
  const ids = someIds()
  const { users: { uidMap } } = await seen(context, ids)
  const expected = `0 ${ids.uid} ${ids.size}`
  same(uidMap, expected, `uid_map: expected ${expected}, got ${uidMap || 'no line'}`)
})

const groups = check({
  id: 'groups',
  title: 'its groups are the ids that were asked for',
  points: 1,
  hint: 'groups have a map of their own. Until it is written, setgroups is EPERM, and setresgid is EINVAL',
  lesson: 'try-it',
}, async (context) => {
  const ids = someIds()
  const { users: { gidMap } } = await seen(context, ids)
  const expected = `0 ${ids.gid} ${ids.size}`
  same(gidMap, expected, `gid_map: expected ${expected}, got ${gidMap || 'no line'}`)
})

const root = check({
  id: 'root',
  title: 'the program is root of the container, and nobody else besides',
  points: 2,
  hint: 'a map moves nobody: the child is still the user who made it, and has to become user 0 and group 0',
}, async (context) => {
  const { users: { uidMap, gidMap, owner }, rights: { uids, gids } } = await seen(context, someIds())
  const [uid, gid] = [uidMap, gidMap].map((map) => map.split(' ')[1])
  const [expected, got] = [`${uid}:${gid}`, `${owner?.uid}:${owner?.gid}`]
  same(got, expected, `expected a file made inside to belong to ${expected} outside, got ${got}`)
  // A real user that is another one is not seen in its files, and it can become him at any time.
  const [fourUids, fourGids] = [uid, gid].map((id) => [id, id, id, id].join(' '))
  same(uids, fourUids ?? '', `Uid: expected ${fourUids} outside, got ${uids}: the real user counts, too`)
  same(gids, fourGids ?? '', `Gid: expected ${fourGids} outside, got ${gids}: the real group counts, too`)
})

export const exercise: Exercise = {
  id: '06-user/mapped', title: 'Root inside, a stranger outside', points: 6, maps: true, checks: [users, groups, root],
}
