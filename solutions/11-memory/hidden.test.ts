// The hidden checks of chapter 11.
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { check, Failure, same, type Context, type HiddenChecks } from '@pocker/grader'
import { holds } from '../../exercises/11-memory/asked.test.ts'

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

const joined = check({
  id: 'joined',
  title: 'a flag and its value may be one word, in any order',
  points: 1,
  hint: '--cpus=0.5 is the same as --cpus 0.5. Where does a word end, and the value begin?',
}, async (context) => {
  const [memory, quarters] = [randomInt(16, 1000), randomInt(1, 40)]
  const expected = { 'cpu.max': quarters * 25_000, 'memory.max': memory * MiB }
  await holds(context, 2, [`--mem=${memory}m`, '--cpus', String(quarters / 4)], expected)
  await holds(context, 2, ['--mem', `${memory}m`, `--cpus=${quarters / 4}`], expected)
})

const unasked = check({
  id: 'unasked',
  title: 'what is not asked for stays as it is',
  points: 1,
  hint: 'an absent flag is no limit of 0, and no limit of NaN: there is no step for it. The container is in its group all the same',
}, async (context) => {
  const memory = randomInt(16, 1000)
  await holds(context, 2, ['--mem', `${memory}m`], { 'cpu.max': '', 'memory.max': memory * MiB })
  await holds(context, 2, ['--cpus', '0.25'], { 'cpu.max': 25_000, 'memory.max': '' })
  await holds(context, 2, [], { 'cpu.max': '', 'memory.max': '' })
})

/** @throws {Failure} unless these words are refused, and the error says why */
async function refused({ refusal }: Context, words: readonly string[], begin: string, end: string): Promise<void> {
  const { message } = await refusal({ version: 2, cpu: '/tmp/box', memory: '/tmp/box' }, [...words])
  if (message.startsWith(begin) && message.endsWith(end)) return
  const expected = `${begin}…${end}`
  throw new Failure(`${words.join(' ')}: expected the error "${expected}", got "${message}"`, { expected, seen: message })
}

const numbers = check({
  id: 'numbers',
  title: 'what is no number is refused, with the word',
  points: 1,
  hint: 'Number takes 1e3 and 0x10; parseFloat takes anything behind a number. A regular expression says what you mean',
}, async (context) => {
  for (const wrong of ['1e3', '0x10', 'half', '1.5.2', '2cpus']) {
    await refused(context, ['--cpus', wrong], '--cpus: ', `, got ${wrong}`)
  }
  for (const wrong of ['1e9', 'm', '64x', '64mm', 'max']) {
    await refused(context, ['--mem', wrong], '--mem: ', `, got ${wrong}`)
  }
})

const least = check({
  id: 'least',
  title: 'what is too small is refused, with the word, and what is just enough is taken',
  points: 1,
  hint: 'a quota is 1000 µs at least, and Docker gives no container less than 6 MiB. Is less than, or at most, what you need?',
  lesson: 'the-code',
}, async (context) => {
  for (const wrong of ['0.001', '0', '0.009']) await refused(context, ['--cpus', wrong], '--cpus: ', `, got ${wrong}`)
  for (const wrong of ['1m', '0', `${6 * MiB - 1}`]) await refused(context, ['--mem', wrong], '--mem: ', `, got ${wrong}`)
  await holds(context, 2, ['--cpus', '0.01', '--mem', '6m'], { 'cpu.max': 1000, 'memory.max': 6 * MiB })
})

const unknown = check({
  id: 'unknown',
  title: 'a word that is no flag is refused',
  points: 1,
  hint: 'who writes --memroy has a container without a limit, and does not know it',
}, async (context) => {
  const wrong = `--${context.token(6)}`
  await refused(context, ['--cpus', '0.5', wrong, '64m'], '', wrong)
})

export const hidden: HiddenChecks = {
  limited: [unlimited, refuses], first: [whole], asked: [joined, unasked, numbers, least, unknown],
}
