// The visible checks of asked.ts. They judge what the files of a group hold, not what the answer prints.
import { randomInt } from 'node:crypto'
import { check, Failure, same, type Context, type Exercise } from '@pocker/grader'

const MiB = 1024 * 1024
const FILES = {
  1: { cpu: ['cpu.cfs_quota_us', 'cpu.cfs_period_us'], memory: ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'] },
  2: { cpu: ['cpu.max'], memory: ['memory.max', 'memory.swap.max'] },
} as const

/**
 * Files in plain directories stand for the groups.
 * @returns what they hold, by their names
 * @throws {Failure} if the container is not in its group
 */
export async function written(
  { compute, run, token }: Context, version: 1 | 2, words: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const [one, other] = [`/tmp/${token()}`, `/tmp/${token()}`]
  const group = { version, cpu: one, memory: version === 1 ? other : one }
  const paths = (['cpu', 'memory'] as const)
    .flatMap((controller) => [...FILES[version][controller], 'cgroup.procs'].map((file) => `${group[controller]}/${file}`))
  const { groups } = await run(await compute(group, [...words]), { groups: { files: [...new Set(paths)] } })
  for (const directory of new Set([group.cpu, group.memory])) {
    if (!groups.files[`${directory}/cgroup.procs`]) {
      const controller = directory === group.cpu ? 'cpu' : 'memory'
      throw new Failure(`the container is not in its group of the ${controller} controller: whom does the limit hold for?`)
    }
  }
  return Object.fromEntries(paths.map((path) => [path.split('/').at(-1) ?? '', groups.files[path] ?? '']))
}

/** @param expected whole texts, or the number with which they begin. @throws {Failure} unless the files hold that */
export async function holds(
  context: Context, version: 1 | 2, words: readonly string[], expected: Readonly<Record<string, string | number>>,
): Promise<void> {
  const files = await written(context, version, words)
  for (const [file, value] of Object.entries(expected)) {
    const whole = files[file] ?? ''
    const seen = typeof value === 'number' ? whole.split(' ')[0] ?? '' : whole
    same(seen, String(value), `${words.join(' ') || 'no words'}: expected ${value || 'nothing'} in ${file}, got ${seen || 'nothing'}`)
  }
}

const version2 = check({
  id: 'version2',
  title: 'version 2: one group, with quota, period, and bytes',
  points: 2,
  hint: 'cpu.max takes quota and period in microseconds, memory.max takes bytes. And who has to be in the group?',
  lesson: 'try-it',
}, async (context) => {
  const [quarters, memory] = [randomInt(1, 40), randomInt(16, 1000)]
  for (const [count, size] of [[quarters / 4, memory], [0.5, 64]] as const) {
    const words = ['--cpus', String(count), '--mem', `${size}m`]
    await holds(context, 2, words, { 'cpu.max': `${count * 100_000} 100000`, 'memory.max': size * MiB })
  }
})

const version1 = check({
  id: 'version1',
  title: 'version 1: a group for each controller, with files of its own',
  points: 2,
  hint: 'cpu.cfs_quota_us and cpu.cfs_period_us in the one, memory.limit_in_bytes in the other. The container enters both',
  lesson: 'try-it',
}, async (context) => {
  const [quarters, memory] = [randomInt(1, 40), randomInt(16, 1000)]
  for (const [count, size] of [[quarters / 4, memory], [0.5, 64]] as const) {
    await holds(context, 1, ['--cpus', String(count), '--mem', `${size}m`], {
      'cpu.cfs_quota_us': count * 100_000, 'cpu.cfs_period_us': 100_000, 'memory.limit_in_bytes': size * MiB,
    })
  }
})

const units = check({
  id: 'units',
  title: 'a size may have any unit of Docker\'s',
  points: 1,
  hint: 'b, k, m, g, in small letters and in capitals, and behind them b or ib may follow: all of them are powers of 1024',
}, async (context) => {
  const some = randomInt(16, 60)
  const sizes = { [some * MiB]: [`${some}M`, `${some}mb`, `${some}MiB`, `${some * MiB}b`, `${some * MiB}`, `${some * 1024}k`] }
  for (const [bytes, texts] of Object.entries({ ...sizes, [2 * 1024 * MiB]: ['2g'] })) {
    for (const text of texts) await holds(context, 2, ['--mem', text], { 'memory.max': bytes })
  }
})

export const exercise: Exercise = {
  id: '11-memory/asked', title: 'The homework: --cpus and --mem', points: 10, checks: [version2, version1, units],
}
