// The visible checks of limited.ts. They judge what the kernel says, not what the answer prints.
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { check, Failure, groupTree, Lacks, same, type Context, type Exercise } from '@pocker/grader'

const MiB = 1024 * 1024
const NAME = 'box'
const FILES = {
  1: { memory: 'memory.limit_in_bytes', swap: 'memory.memsw.limit_in_bytes' },
  2: { memory: 'memory.max', swap: 'memory.swap.max' },
} as const

/** The group of this machine's own version. */
function real(): { directory: string; version: 1 | 2 } {
  const { unified = '', v1, swap } = groupTree('memory.max')
  if (!swap) throw new Lacks('this machine cannot limit swap (swapaccount=1 on the kernel\'s command line)')
  const root = v1['memory']
  return { directory: join(root ?? unified, NAME), version: root === undefined ? 2 : 1 }
}

const killed = check({
  id: 'killed',
  title: 'a program that wants more than the limit is killed, and one that wants less lives',
  points: 2,
  hint: 'a limit counts for who is in the group. What is written to cgroup.procs, and by whom?',
  lesson: 'try-it',
}, async ({ compute, run }) => {
  const { directory, version } = real()
  const memory = randomInt(16, 32)
  const files = [FILES[version].memory, FILES[version].swap, 'cgroup.procs'].map((file) => join(directory, file))
  for (const [touches, kills] of [[memory >> 2, 0], [memory * 4, 1]] as const) {
    const bytes = { memory: memory * MiB, together: memory * MiB }
    const { groups } = await run(await compute({ directory, version }, bytes), { groups: { name: NAME, files }, touches })
    const where = groups.own[version === 1 ? 'memory' : 'unified'] ?? ''
    same(where, `/${NAME}`, `expected the container in the group /${NAME}, got ${where}`)
    const wanted = `limited to ${memory} MiB, it wanted ${touches} MiB or more`
    if (groups.kills > 0 && kills === 0) throw new Failure(`${wanted}: expected it to live, and it was killed`)
    if (groups.kills === 0 && kills > 0) throw new Failure(`${wanted}: expected it to be killed, and it lives`)
  }
})

/** @throws {Failure} if a file does not hold what it is to hold, in one of the versions */
async function compare(
  { compute, run }: Context, bytes: { memory: number; together: number }, swaps: Record<1 | 2, number>,
): Promise<void> {
  for (const version of [2, 1] as const) {
    const directory = `/tmp/version${version}`
    const [memory, swap] = [FILES[version].memory, FILES[version].swap].map((file) => join(directory, file)) as [string, string]
    const files = [memory, swap, join(directory, 'cgroup.procs')]
    const { groups } = await run(await compute({ directory, version }, bytes), { groups: { files } })
    for (const [file, expected] of [[memory, bytes.memory], [swap, swaps[version]]] as const) {
      const seen = groups.files[file] ?? ''
      same(seen, String(expected), `expected ${expected} in ${file.split('/').at(-1)}, got ${seen || 'nothing'}`)
    }
  }
}

const both = check({
  id: 'both',
  title: 'the files of both versions hold memory and swap',
  points: 2,
  hint: 'one version limits swap alone, the other one memory and swap together. Which of them is what you are given?',
  lesson: 'try-it',
}, (context) => {
  const [memory, swap] = [randomInt(16, 1000) * MiB, randomInt(1, 1000) * MiB]
  return compare(context, { memory, together: memory + swap }, { 1: memory + swap, 2: swap })
})

export const exercise: Exercise = {
  id: '11-memory/limited', title: 'So much and no more', points: 6, checks: [killed, both],
}
