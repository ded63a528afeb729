// The hidden checks of chapter 10.
import { randomInt } from 'node:crypto'
import { check, same, type Context, type HiddenChecks } from '@pocker/grader'
import { written } from '../../exercises/10-cpu/groups.ts'

/** So many hundredths of a processor are a little too few in binary: 0.29 * 100000 is 28999.999999999996. */
const FEW = Array.from({ length: 999 }, (_, i) => (i + 1) / 100).filter((count) => count * 100_000 < Math.round(count * 100_000))

const exact = check({
  id: 'exact',
  title: 'no microsecond is lost, and none has a fraction',
  points: 1,
  hint: 'print 0.29 * 100000. The kernel wants whole microseconds: which whole number is meant?',
}, async (context) => {
  const count = FEW[randomInt(FEW.length)] ?? 0.29
  const files = await written(context, 1, (group) => context.compute({ ...group }, count))
  const [expected, seen] = [String(Math.round(count * 100_000)), files['cpu.cfs_quota_us'] ?? '']
  same(seen, expected, `${count} processors: expected "${expected}" in cpu.cfs_quota_us, got "${seen}"`)
})

const refuses = check({
  id: 'refuses',
  title: 'what is less than the kernel takes is refused, with the value',
  points: 1,
  hint: 'a quota is 1000 µs at least. How many processors is that, with a period of 100000?',
  lesson: 'the-syscalls',
}, async ({ refusal }) => {
  for (const wrong of [0, -1, 0.009]) {
    const expected = `count: expected a number of at least 0.01, got ${wrong}`
    const { message } = await refusal({ directory: '/tmp/box', version: 2 }, wrong)
    same(message, expected, `expected the error "${expected}", got "${message}"`)
  }
})

/** @throws {Failure} unless so many shares become that weight */
async function becomes(context: Context, shares: number, expected: number): Promise<void> {
  const files = await written(context, 2, (group) => context.compute({ ...group }, shares))
  const seen = files['cpu.weight'] ?? ''
  same(seen, String(expected), `${shares} shares: expected ${expected} in cpu.weight, got ${seen}`)
}

const few = check({
  id: 'few',
  title: 'less than 2 shares are 2',
  points: 1,
  hint: 'there is no weight of 0 (ERANGE). Bring the shares into their range before you convert them',
}, (context) => becomes(context, 0, 1))

const many = check({
  id: 'many',
  title: 'more than 262144 shares are 262144',
  points: 1,
  hint: 'there is no weight above 10000 (ERANGE). Bring the shares into their range before you convert them',
}, (context) => becomes(context, randomInt(300_000, 1_000_000), 10_000))

const machine = (): { directory: string; version: 2; cpus: string; mems: string; last: number } => {
  const last = randomInt(3, 60)
  return { directory: '/tmp/box', version: 2, cpus: `0-${last}`, mems: '0', last }
}

const lacking = check({
  id: 'lacking',
  title: 'processors that the machine lacks are refused, with both lists',
  points: 1,
  hint: 'both are lists: which numbers does each of them mean? Numbers are compared as numbers: 10 is more than 9',
}, async ({ refusal }) => {
  const { last, ...there } = machine()
  for (const wrong of [`0,${last + 1}`, `${last - 1}-${last + 1}`, '100']) {
    const expected = `cpus: expected some of ${there.cpus}, got ${wrong}`
    const { message } = await refusal(there, wrong)
    same(message, expected, `expected the error "${expected}", got "${message}"`)
  }
})

const lists = check({
  id: 'lists',
  title: 'what is no list is refused, with the text',
  points: 1,
  hint: 'which way does a range go? What is between two commas? A regular expression says what a part looks like',
}, async ({ refusal }) => {
  const { last: _, ...there } = machine()
  for (const wrong of ['2-1', '1,,2', 'all', '0-', '']) {
    const expected = `cpus: expected a list such as 0-2,4, got ${JSON.stringify(wrong)}`
    const { message } = await refusal(there, wrong)
    same(message, expected, `expected the error "${expected}", got "${message}"`)
  }
})

export const hidden: HiddenChecks = { cpus: [exact, refuses], weighed: [few, many], pinned: [lacking, lists] }
