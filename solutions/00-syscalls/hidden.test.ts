// The hidden checks of chapter 00.
import { check, Failure, filled, same, type HiddenChecks } from '@pocker/grader'
import { CLONE_VFORK, clone3, exit_group, O_CLOEXEC, O_RDONLY, open, wait4, WALL, WNOHANG } from '@pocker/syscalls'

const bytes = check({
  id: 'bytes',
  title: 'a text with letters outside ASCII arrives whole',
  points: 1,
  hint: 'the kernel counts bytes, JavaScript counts UTF-16 units: how long is ö in each?',
}, async ({ compute, run, token }) => {
  const [path, text] = [`/tmp/${token()}`, `größe-${token()}ß`]
  const { groups } = await run(await compute(path, text), { groups: { files: [path] } })
  const seen = groups.files[path] ?? ''
  same(seen, text, `expected "${text}" in ${path}, got ${seen ? `"${seen}": the length counts bytes` : 'nothing'}`)
})

const unknown = check({
  id: 'unknown',
  title: 'it works whatever else is open',
  points: 1,
  hint: 'a file gets the lowest number that is free. Who says which one that is? { resultOf } knows',
}, async ({ compute, run, token }) => {
  const [path, text] = [`/tmp/${token()}`, token()]
  const { child = [], ...isolation } = await compute(path, text)
  const others = Array.from({ length: 4 }, () => open('/', O_RDONLY | O_CLOEXEC))
  const { groups } = await run({ ...isolation, child: [...others, ...child] }, { groups: { files: [path] } })
  const seen = groups.files[path] ?? ''
  same(seen, text, `expected "${text}" in ${path}, got "${seen}"`)
})

const order = check({
  id: 'order',
  title: 'a program has ended before the next one begins',
  points: 1,
  hint: 'where is the waiting: behind each program, or behind all of them?',
}, async ({ compute, run, token }) => {
  const [first, second, text] = [`/tmp/${token()}`, `/tmp/${token()}`, token()]
  const programs = [`/bin/sleep 0.3; echo ${text} > ${first}`, `read -r text < ${first}; echo "$text" > ${second}`]
  const isolation = await compute(programs.map((script) => ['/bin/sh', '-c', script]))
  const wait = Array.from(programs, () => ({ ...wait4(-1, WALL), mayFail: ['ECHILD'] }))
  const waiting = { ...isolation, child: [...isolation.child ?? [], ...wait] }
  const { groups } = await run(waiting, { groups: { files: [first, second] } })
  const seen = groups.files[second] ?? ''
  same(seen, text, `the second program began before the first one had ended: expected it to read "${text}", got "${seen}"`)
})

const right = check({
  id: 'right',
  title: 'it waits for its own child, whatever other children there are',
  points: 1,
  hint: 'wait4 takes the number of the child to wait for. -1 is any child: which one is that?',
}, async ({ compute, run }) => {
  const { child = [], ...isolation } = await compute([['/bin/sleep', '0.2']])
  // When it returns, that child is dead: whoever waits for any child gets it.
  const other = { ...clone3(CLONE_VFORK, [exit_group(0)]), as: 'the check\'s child' }
  const asked = wait4({ resultOf: other.as }, WALL | WNOHANG)
  try {
    await run({ ...isolation, child: [other, ...child, asked] })
  } catch (error) {
    if (!(error instanceof Failure) || !error.message.includes('ECHILD')) throw error
    const message = 'it waited for another child, which was not its own: expected it to wait for the program'
    throw new Failure(message, { expected: 'the other child, still to be waited for', seen: error.message }, { cause: error })
  }
})

const tail = check({
  id: 'tail',
  title: 'nothing is left of a longer file that was there',
  points: 1,
  hint: 'writing begins at the beginning. What becomes of the bytes behind those that are written?',
}, async ({ compute, run, token }) => {
  const [from, to, text] = [`/tmp/${token()}`, `/tmp/${token()}`, token()]
  const { before = [], ...isolation } = await compute(from, to)
  const steps = [...filled(from, text), ...filled(to, `${token()} ${token()}`), ...before]
  const { groups } = await run({ ...isolation, before: steps }, { groups: { files: [to] } })
  const seen = groups.files[to] ?? ''
  same(seen, text, `expected "${text}" in ${to}, got "${seen}": is that the end of what it held before?`)
})

const missing = check({
  id: 'missing',
  title: 'a file that is not there ends the list',
  points: 2,
  hint: 'which steps may fail, and should they?',
}, async ({ compute, run, token }) => {
  const [from, to] = [`/tmp/${token()}`, `/tmp/${token()}`]
  const isolation = await compute(from, to)
  const ended = await run(isolation, { groups: { files: [to] } }).then(() => false, (error: unknown) => {
    if (error instanceof Failure && error.message.startsWith('a step failed')) return true
    throw error
  })
  if (!ended) throw new Failure('the container started without the file: expected the list to end with an error')
})

export const hidden: HiddenChecks = { note: [bytes, unknown], prepare: [order, right], copied: [tail, missing] }
