// The visible checks of cpus.ts. They judge what the files of a group hold, not what the answer prints.
import { randomInt } from 'node:crypto'
import { check, same, type Exercise } from '@pocker/grader'
import { written } from './groups.ts'

/** Quarters of a processor, which a number of JavaScript holds exactly. */
const some = (): number => randomInt(1, 40) / 4
const PERIOD = 100_000

const version2 = check({
  id: 'version2',
  title: 'version 2: cpu.max has quota and period',
  points: 2,
  hint: 'cpu.max takes two numbers: the microseconds of processor time, and the microseconds of the period',
  lesson: 'try-it',
}, async (context) => {
  for (const count of [some(), 0.5]) {
    const files = await written(context, 2, (group) => context.compute({ ...group }, count))
    const [expected, seen] = [`${count * PERIOD} ${PERIOD}`, files['cpu.max'] ?? '']
    same(seen, expected, `${count} processors: expected "${expected}" in cpu.max, got "${seen}"`)
  }
})

const version1 = check({
  id: 'version1',
  title: 'version 1: quota and period have a file each',
  points: 2,
  hint: 'cpu.cfs_quota_us and cpu.cfs_period_us. What was in the second before is not what you want there',
  lesson: 'try-it',
}, async (context) => {
  for (const count of [some(), 0.5]) {
    const files = await written(context, 1, (group) => context.compute({ ...group }, count))
    for (const [file, expected] of [['cpu.cfs_quota_us', count * PERIOD], ['cpu.cfs_period_us', PERIOD]] as const) {
      const seen = files[file] ?? ''
      same(seen, String(expected), `${count} processors: expected "${expected}" in ${file}, got "${seen}"`)
    }
  }
})

export const exercise: Exercise = {
  id: '10-cpu/cpus', title: 'One and a half processors', points: 6, checks: [version2, version1],
}
