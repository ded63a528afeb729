// The visible checks of become.ts.
import { randomInt } from 'node:crypto'
import { check, same, type Context, type Exercise, type Seen } from '@pocker/grader'

/** Ids of the sandbox, each from a range of its own. */
const somebody = () => ({
  uid: randomInt(1000, 20_000), gid: randomInt(20_000, 30_000), groups: [randomInt(30_000, 40_000), randomInt(40_000, 50_000)],
})
/** A group of the machine's root. */
const HANDED = { groups: [6] }

const seen = async ({ compute, run }: Context, who: ReturnType<typeof somebody>): Promise<Seen> =>
  run(await compute(who), { handed: HANDED })
const four = (id: number): string => [id, id, id, id].join(' ')

const user = check({
  id: 'user',
  title: 'the program is the user that was asked for',
  points: 2,
  hint: 'a user who is not root can change neither his groups nor himself: what has to come before?',
  lesson: 'the-syscalls',
}, async (context) => {
  const who = somebody()
  const { rights: { uids } } = await seen(context, who)
  same(uids, four(who.uid), `Uid: expected ${four(who.uid)}, got ${uids}`)
})

const group = check({
  id: 'group',
  title: 'it is in the group that was asked for',
  points: 1,
  hint: 'the group has a call of its own, and four numbers as the user has',
  lesson: 'the-syscalls',
}, async (context) => {
  const who = somebody()
  const { rights: { gids } } = await seen(context, who)
  same(gids, four(who.gid), `Gid: expected ${four(who.gid)}, got ${gids}`)
})

const groups = check({
  id: 'groups',
  title: 'it is in the further groups that were asked for',
  points: 1,
  hint: 'setgroups takes a list of numbers of 32 bits; setgroups() of @pocker/syscalls makes it of an array',
}, async (context) => {
  const who = somebody()
  const { users } = await seen(context, who)
  const lacking = who.groups.filter((gid) => !users.groups.includes(gid)).join(' ')
  same(lacking, '', `Groups: expected ${who.groups.join(' ')}, got ${users.groups.join(' ') || 'none'}`)
})

export const exercise: Exercise = {
  id: '12-privileges/become', title: 'Somebody else', points: 9, checks: [user, group, groups],
}
