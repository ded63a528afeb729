// The hidden checks of chapter 06.
import { randomInt } from 'node:crypto'
import { check, Failure, same, type HiddenChecks } from '@pocker/grader'
import { dieWithParent, PR_SET_DUMPABLE, setgroups, type Syscall } from '@pocker/syscalls'
import { seen, somebody } from '../../exercises/06-user/himself.test.ts'

const stranger = check({
  id: 'stranger',
  title: 'the program is in none of the groups of whoever started it',
  points: 1,
  hint: 'root of the machine is in further groups, and the child is a copy of it. Which call leaves them all?',
}, async ({ compute, run }) => {
  const isolation = await compute({ uid: 5000, gid: 6000, size: 10 })
  const { users: { groups } } = await run(isolation, { user: { uid: 0, gid: 0 } })
  same(groups.join(' '), '', `expected no further group, got the machine's group ${groups.join(' ')}`)
})

/** Names and ids that nobody knows beforehand, and ranges that do not overlap. */
const scene = (token: () => string) => {
  const user = { uid: randomInt(1000, 2000), gid: randomInt(2000, 3000) }
  const ranges = { first: randomInt(10_000, 20_000), second: randomInt(30_000, 40_000), count: randomInt(10, 1000) }
  return { name: token(), user, ...ranges }
}

const joined = check({
  id: 'joined',
  title: 'two ranges lie one behind the other',
  points: 1,
  hint: 'the second range begins inside where the first has ended',
}, async ({ compute, run, token }) => {
  const { name, user, first, second, count } = scene(token)
  const file = `${name}:${second}:${count}\n${name}:${first}:7\n`
  const { users: { uidMap } } = await run(await compute({ name, ...user }, file, file), { user })
  const [expected, got] = [`1 ${second} ${count}, ${1 + count} ${first} 7`, uidMap.split('\n').slice(1).join(', ')]
  same(got, expected, `expected the ranges ${expected}, got ${got || 'none'}`)
})

const own = check({
  id: 'own',
  title: 'nobody gets the ids of another user',
  points: 1,
  hint: 'a line is his if its first field is his name: all of it, and nothing more',
}, async ({ compute, run, token }) => {
  const { name, user, first, second, count } = scene(token)
  const file = `x${name}:${second}:5\n${name}x:${second + 5}:5\n${name}:${first}:${count}\n${user.uid}0:${second + 10}:5\n`
  const { users: { uidMap } } = await run(await compute({ name, ...user }, file, file), { user })
  const [expected, got] = [`1 ${first} ${count}`, uidMap.split('\n').slice(1).join(', ')]
  same(got, expected, `expected only the range ${expected}, got ${got || 'none'}`)
})

const numbered = check({
  id: 'numbered',
  title: 'a line may name its owner by number, and /etc/subgid names users, too',
  points: 1,
  hint: 'the first field is a user in both files: his name, or his number',
}, async ({ compute, run, token }) => {
  const { name, user, first, count } = scene(token)
  const file = `${user.uid}:${first}:${count}\n`
  const { users: { uidMap, gidMap } } = await run(await compute({ name, ...user }, file, file), { user })
  const expected = `1 ${first} ${count}`
  for (const [what, map] of [['uid_map', uidMap], ['gid_map', gidMap]] as const) {
    const got = map.split('\n').slice(1).join(', ')
    same(got, expected, `${what}: expected the range ${expected} of user ${user.uid}, got ${got || 'none'}`)
  }
})

const four = (id: number): string => [id, id, id, id].join(' ')

/** The user's further groups in the sandbox. Root is still his saved user, so he becomes root for a moment. */
function alsoIn(group: number, { uid }: { uid: number }): Syscall[] {
  const become = (id: number): Syscall => ({ call: 'setresuid', args: [-1, id, -1] })
  // Whoever changes his user has forgotten the last two.
  return [become(0), setgroups([group]), become(uid), { call: 'prctl', args: [PR_SET_DUMPABLE, 1, 0, 0, 0] }, dieWithParent()]
}

const free = check({
  id: 'free',
  title: 'who has a range keeps the right to choose groups, and has left his own',
  points: 1,
  hint: 'newgidmap needs no deny: root writes the map. Without setgroups, su and every package manager fail inside. And which call '
    + 'leaves all groups, where it is allowed?',
}, async ({ compute, run, token }) => {
  const { name, user, first, count } = scene(token)
  const file = `${name}:${first}:${count}\n`
  const { before = [], ...isolation } = await compute({ name, ...user }, file, file)
  const steps = [...alsoIn(randomInt(3000, 4000), user), ...before]
  const { users: { setgroups: allowed, groups } } = await run({ ...isolation, before: steps }, { user })
  same(allowed, 'allow', `setgroups: expected allow for a user with a range, got ${allowed}`)
  const others = groups.filter((group) => group !== user.gid).join(' ')
  same(others, '', `expected no further group, got the user's group ${others}`)
})

const inside = check({
  id: 'inside',
  title: 'the program is root of the container',
  points: 1,
  hint: 'which number has he himself, inside?',
}, async ({ compute, run, token }) => {
  const { name, user, first, count } = scene(token)
  const file = `${name}:${first}:${count}\n`
  const { rights: { uids, gids } } = await run(await compute({ name, ...user }, file, file), { user })
  same(uids, four(user.uid), `Uid: expected root, who is ${user.uid} outside, got ${uids}`)
  same(gids, four(user.gid), `Gid: expected root, who is ${user.gid} outside, got ${gids}`)
})

const program = check({
  id: 'program',
  title: 'the program is this user, in his group and in no other',
  points: 1,
  hint: 'a map moves nobody: the child is still the user who made it, in all groups of his, and has to become the one it should be',
}, async (context) => {
  const who = somebody()
  const { users: { owner, groups }, rights: { uids, gids } } = await seen(context, who)
  const [expected, got] = [`${who.uid}:${who.gid}`, `${owner?.uid}:${owner?.gid}`]
  same(got, expected, `expected a file made inside to belong to ${expected} outside, got ${got}`)
  same(uids, four(who.uid), `Uid: expected ${four(who.uid)} outside, got ${uids}: an id that is left is a way back`)
  same(gids, four(who.gid), `Gid: expected ${four(who.gid)} outside, got ${gids}: an id that is left is a way back`)
  const others = groups.filter((group) => group !== who.gid).join(' ')
  same(others, '', `expected no further group, got the machine's group ${others}`)
})

const edges = check({
  id: 'edges',
  title: 'he may be the first or the last of all users',
  points: 2,
  hint: 'below user 0 there is nobody: what does the kernel say to a range of 0 users?',
}, async (context) => {
  const who = somebody()
  for (const uid of [0, who.size - 1]) {
    const { users: { uidMap } } = await seen(context, { ...who, uid })
    const own = `${uid} ${uid} 1`
    if (!uidMap.split('\n').includes(own)) throw new Failure(`uid_map: expected a line ${own}`, { expected: own, seen: uidMap })
  }
})

export const hidden: HiddenChecks = {
  mapped: [stranger], rootless: [joined, own, numbered, free, inside], himself: [program, edges],
}
