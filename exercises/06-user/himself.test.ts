// The visible checks of himself.ts. They judge what the kernel says, not what the answer prints.
import { randomInt } from 'node:crypto'
import { check, Failure, type Context, type Exercise, type Seen } from '@pocker/grader'

export interface Who { readonly uid: number; readonly gid: number; readonly first: number; readonly size: number }

export const somebody = (): Who =>
  ({ uid: randomInt(1000, 4000), gid: randomInt(5000, 8000), first: randomInt(20_000, 40_000), size: randomInt(9000, 12_000) })

/** @throws {Failure} without a user namespace */
export async function seen({ compute, run }: Context, who: Who): Promise<Seen> {
  const container = await run(await compute({ ...who }), { user: { uid: 0, gid: 0 } })
  const { namespaces, sandbox } = container
  if (namespaces['user'] !== sandbox.namespaces['user']) return container
  throw new Failure('CLONE_NEWUSER is missing: everybody is himself')
}

/**
 * However the lines are cut.
 * @param map lines of three numbers
 * @throws {Failure} unless each of these ids is what it should be
 */
export function compare(map: string, file: string, { id, first, size }: { id: number; first: number; size: number }): void {
  const lines = map.split('\n').map((line) => line.split(' ').map(Number))
  const outside = (inside: number): number | undefined => {
    const [from = 0, to = 0] = lines.find(([start = 0, , count = 0]) => inside >= start && inside < start + count) ?? [inside, NaN]
    return Number.isNaN(to) ? undefined : to + inside - from
  }
  for (const inside of [id, 0, id - 1, id + 1, size - 1, size].filter((number) => number >= 0)) {
    const other = inside >= size ? undefined : first + inside - (inside > id ? 1 : 0)
    const [expected, got] = [inside === id ? id : other, outside(inside)].map((number) => (number === undefined ? 'nobody' : String(number)))
    if (got === expected) continue
    const difference = { expected: `${inside} is ${expected}`, seen: map.replaceAll('\n', ', ') || 'no line' }
    throw new Failure(`${file}: expected ${inside} to be ${expected} outside, got ${got}`, difference)
  }
}

const users = check({
  id: 'users',
  title: 'he is himself, and every other user is somebody else',
  points: 2,
  hint: 'a map may have several lines: those below him, himself, and those above him. Which number outside comes next?',
  lesson: 'try-it',
}, async (context) => {
  const { uid: id, ...who } = somebody()
  const { users: { uidMap } } = await seen(context, { uid: id, ...who })
  compare(uidMap, 'uid_map', { id, ...who })
})

const groups = check({
  id: 'groups',
  title: 'so are his group, and every other group',
  points: 1,
  hint: 'groups have a map of their own, and his group has another number than he',
  lesson: 'try-it',
}, async (context) => {
  const { gid: id, ...who } = somebody()
  const { users: { gidMap } } = await seen(context, { gid: id, ...who })
  compare(gidMap, 'gid_map', { id, ...who })
})

export const exercise: Exercise = {
  id: '06-user/himself', title: 'Himself, and nobody else', points: 6, maps: true, checks: [users, groups],
}
