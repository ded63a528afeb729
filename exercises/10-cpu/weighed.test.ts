// The visible checks of weighed.ts. They judge what the files of a group hold, not what the answer prints.
import { randomInt } from 'node:crypto'
import { check, same, type Exercise } from '@pocker/grader'
import { written } from './groups.ts'

const version2 = check({
  id: 'version2',
  title: 'version 2: shares become a weight',
  points: 2,
  hint: '2 to 262144 become 1 to 10000. What becomes of the smallest? And does the kernel take a fraction?',
}, async (context) => {
  const [least, most] = [[2, 1], [262_144, 10_000]] as const
  const some = randomInt(1000, 200_000)
  for (const [shares, expected] of [least, most, [1024, 39], [some, 1 + Math.floor(((some - 2) * 9999) / 262_142)]] as const) {
    const files = await written(context, 2, (group) => context.compute({ ...group }, shares))
    const seen = files['cpu.weight'] ?? ''
    same(seen, String(expected), `${shares} shares: expected ${expected} in cpu.weight, got ${seen}`)
  }
})

const version1 = check({
  id: 'version1',
  title: 'version 1: shares are shares',
  points: 1,
  hint: 'cpu.shares takes the number as it is',
  lesson: 'try-it',
}, async (context) => {
  for (const shares of [randomInt(3, 262_143), 1024]) {
    const files = await written(context, 1, (group) => context.compute({ ...group }, shares))
    const seen = files['cpu.shares'] ?? ''
    same(seen, String(shares), `${shares} shares: expected ${shares} in cpu.shares, got ${seen}`)
  }
})

export const exercise: Exercise = {
  id: '10-cpu/weighed', title: 'Find the faults', points: 5, checks: [version2, version1],
}
