// The hidden checks of chapter 11.
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { check, same, type HiddenChecks } from '@pocker/grader'

const MiB = 1024 * 1024

const unlimited = check({
  id: 'unlimited',
  title: 'any amount of swap: -1 in version 1, max in version 2',
  points: 1,
  hint: '-1 is no number of bytes. It is a word, and each version has its own for it',
}, async ({ compute, run }) => {
  const memory = randomInt(16, 1000) * MiB
  for (const [version, file, expected] of [[2, 'memory.swap.max', 'max'], [1, 'memory.memsw.limit_in_bytes', '-1']] as const) {
    const directory = `/tmp/version${version}`
    const names = [file, version === 1 ? 'memory.limit_in_bytes' : 'memory.max', 'cgroup.procs']
    const files = names.map((name) => join(directory, name))
    const { groups } = await run(await compute({ directory, version }, { memory, together: -1 }), { groups: { files } })
    const seen = groups.files[join(directory, file)] ?? ''
    same(seen, expected, `expected ${expected} in ${file}, got ${seen || 'nothing'}`)
  }
})

const refuses = check({
  id: 'refuses',
  title: 'memory and swap together that are less than memory are refused, with both numbers',
  points: 1,
  hint: 'version 2 would take the difference, if it were not negative',
}, async ({ refusal }) => {
  const memory = randomInt(16, 1000) * MiB
  for (const together of [memory - MiB, 0]) {
    const expected = `together: expected at least ${memory}, got ${together}`
    const { message } = await refusal({ directory: '/tmp/version2', version: 2 }, { memory, together })
    same(message, expected, `expected the error "${expected}", got "${message}"`)
  }
})

const whole = check({
  id: 'whole',
  title: 'what the kernel would not take is refused, with the value',
  points: 1,
  hint: 'Number.isInteger tells whether it is a whole number; the kernel takes -1000 to 1000',
}, async ({ refusal }) => {
  for (const wrong of [1001, -1001, 0.5]) {
    const expected = `points: expected a whole number from -1000 to 1000, got ${wrong}`
    const { message } = await refusal(wrong)
    same(message, expected, `expected the error "${expected}", got "${message}"`)
  }
})

export const hidden: HiddenChecks = { limited: [unlimited, refuses], first: [whole] }
