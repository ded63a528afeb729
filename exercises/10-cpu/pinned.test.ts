// The visible checks of pinned.ts. They judge what the files of a group hold, not what the answer prints.
import { randomInt } from 'node:crypto'
import { check, Failure, same, type Context, type Exercise } from '@pocker/grader'

const FILES = ['cpuset.cpus', 'cpuset.mems'] as const
const CPUS = '0-31'

/**
 * Plain files stand for the group.
 * @returns what they hold, by their names
 * @throws {Failure} if the container is not in its group
 */
async function written(
  { compute, run, token }: Context, version: 1 | 2, cpus: string, mems = '0',
): Promise<Readonly<Record<string, string>>> {
  const directory = `/tmp/${token()}`
  const files = [...FILES, 'cgroup.procs'].map((file) => `${directory}/${file}`)
  const { groups } = await run(await compute({ directory, version, cpus: CPUS, mems }, cpus), { groups: { files } })
  const holds = (file: string): string => groups.files[`${directory}/${file}`] ?? ''
  if (!holds('cgroup.procs')) throw new Failure('the container is not in its group: whom does the list hold for?')
  return Object.fromEntries(FILES.map((file) => [file, holds(file)]))
}

/** @returns its numbers, in order: 0-2 and 0,1,2 are the same to the kernel. Nothing, if it is no list */
const numbers = (list: string): string => (/^(\d+(-\d+)?)(,\d+(-\d+)?)*$/.test(list) ? list.split(',').flatMap((part) => {
  const [first = 0, last = first] = part.split('-').map(Number)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)
}) : []).toSorted((a, b) => a - b).join(' ')

const cpuset = check({
  id: 'cpuset',
  title: 'both versions: cpuset.cpus has the processors',
  points: 2,
  hint: 'the file has the same name in both versions, and the list is written as you are given it',
}, async (context) => {
  for (const version of [2, 1] as const) {
    const [first, other] = [randomInt(0, 10), randomInt(15, 30)]
    const cpus = `${first}-${first + 3},${other}`
    const seen = (await written(context, version, cpus))['cpuset.cpus'] ?? ''
    same(numbers(seen), numbers(cpus), `version ${version}: expected ${cpus} in cpuset.cpus, got ${seen || 'nothing'}`)
  }
})

const mems = check({
  id: 'mems',
  title: 'version 1: cpuset.mems has the memory nodes',
  points: 1,
  hint: 'nobody may enter a group of version 1 that has processors and no memory, or memory and no processors: ENOSPC',
}, async (context) => {
  const expected = `0-${randomInt(1, 8)}`
  const seen = (await written(context, 1, '0', expected))['cpuset.mems'] ?? ''
  same(numbers(seen), numbers(expected), `expected ${expected} in cpuset.mems, got ${seen || 'nothing'}`)
})

export const exercise: Exercise = {
  id: '10-cpu/pinned', title: 'On these processors', points: 5, checks: [cpuset, mems],
}
