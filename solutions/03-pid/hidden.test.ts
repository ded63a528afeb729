// The hidden checks of chapter 03.
import { check, Failure, mountsAt, same, type HiddenChecks } from '@pocker/grader'

const SAFE = ['nosuid', 'nodev', 'noexec']

const harmless = check({
  id: 'harmless',
  title: 'from the new /proc nothing is executed, no device works, and no rights are gained',
  points: 1,
  hint: 'three flags of mount(2) whose names begin with MS_NO',
  lesson: 'the-syscalls',
}, async ({ compute, run }) => {
  const { mounts, sandbox } = await run(await compute())
  const here = mountsAt(mounts, '/proc')
  if (here.length <= mountsAt(sandbox.before.mounts, '/proc').length) throw new Failure('nothing was mounted at /proc')
  const { options = [] } = here.at(-1) ?? {}
  const missing = SAFE.filter((option) => !options.includes(option))
  const difference = { expected: SAFE.join(' '), seen: options.join(' ') }
  if (missing.length > 0) throw new Failure(`/proc is mounted without ${missing.join(', ')}`, difference)
})

const refuses = check({
  id: 'refuses',
  title: 'what is no process number is refused, with the value',
  points: 1,
  hint: 'Number.isSafeInteger tells whether it is a whole number; which whole numbers are no process numbers?',
}, async ({ refusal }) => {
  for (const wrong of [0, -1, 1.5]) {
    const expected = `pid: expected a process number, got ${wrong}`
    const { message } = await refusal(wrong)
    same(message, expected, `expected the error "${expected}", got "${message}"`)
  }
})

const closed = check({
  id: 'closed',
  title: 'the process in between does not keep the namespace open',
  points: 1,
  hint: 'an open descriptor keeps a namespace alive. After setns nobody needs it: close it',
}, async ({ compute, run }) => {
  const { sandbox } = await run(await compute(2), { neighbours: 1 })
  const open = sandbox.open.join(', ')
  if (open) throw new Failure(`the process in between still has ${open} open`, { expected: 'nothing', seen: open })
})

export const hidden: HiddenChecks = { processes: [harmless], visit: [refuses, closed] }
