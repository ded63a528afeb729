// The visible checks of copied.ts. They judge what the files hold, not what the answer prints.
import { randomInt } from 'node:crypto'
import { check, Failure, filled, same, type Exercise } from '@pocker/grader'
import { copy } from './files.ts'

/** Bytes, as the task says. */
const MOST = 1024 * 1024

const made = check({
  id: 'made',
  title: 'a file that was not there is made',
  points: 1,
  hint: 'what does open(2) do if there is no such file, and which flag changes that?',
}, async ({ compute, run, token }) => {
  const [from, to, shown, text] = [`/tmp/${token()}`, `/tmp/${token()}`, `/tmp/${token()}`, token()]
  const { before = [], ...isolation } = await compute(from, to)
  const steps = [...filled(from, text), ...before]
  const copying = { ...isolation, before: steps, child: [...isolation.child ?? [], ...copy(to, shown)] }
  const { groups } = await run(copying, { groups: { files: [shown] } })
  const seen = groups.files[shown] ?? ''
  same(seen, text, `expected "${text}" in ${to}, got ${seen ? `"${seen}"` : 'nothing: was the file made?'}`)
})

const long = check({
  id: 'long',
  title: 'a long file is copied to its end',
  points: 1,
  hint: 'sendfile copies as many bytes as it is told to, and no more',
}, async ({ compute, run, token }) => {
  const end = token()
  for (const size of [randomInt(10_000, 500_000), MOST - end.length]) {
    const [from, to, shown] = [`/tmp/${token()}`, `/tmp/${token()}`, `/tmp/${token()}`]
    const { before = [], child = [], ...isolation } = await compute(from, to)
    const steps = [...filled(from, 'x'.repeat(size) + end), ...before]
    const copying = { ...isolation, before: steps, child: [...child, ...copy(to, shown, size)] }
    const { groups } = await run(copying, { groups: { files: [to, shown] } })
    const seen = groups.files[shown] ?? ''
    same(seen, end, `expected "${end}" behind ${size} bytes, got "${seen}": is the file cut off?`)
  }
})

const closed = check({
  id: 'closed',
  title: 'no file is left open',
  points: 1,
  hint: 'two steps open a file. How many close one?',
}, async ({ compute, run, token }) => {
  const [from, to] = [`/tmp/${token()}`, `/tmp/${token()}`]
  const { before = [], child = [] } = await compute(from, to)
  const steps = [...filled(from, token()), ...before, ...child]
  const { sandbox } = await run({ name: 'copied', before: steps }, { groups: { files: [to] } })
  const open = sandbox.open.join(', ')
  if (open) throw new Failure(`the process in between still has ${open} open`, { expected: 'nothing', seen: open })
})

export const exercise: Exercise = {
  id: '00-syscalls/copied', title: 'Find the bugs', points: 6, checks: [made, long, closed],
}
