// The visible checks of note.ts. They judge what the file holds, not what the answer prints.
import { check, Failure, same, type Exercise } from '@pocker/grader'
import { copy } from './files.ts'

const made = check({
  id: 'made',
  title: 'a file that was not there is made, and holds the text',
  points: 2,
  hint: 'one flag of open(2) is for writing, another one makes the file',
}, async ({ compute, run, token }) => {
  const [path, shown, text] = [`/tmp/${token()}`, `/tmp/${token()}`, token()]
  const { child = [], ...isolation } = await compute(path, text)
  const { groups } = await run({ ...isolation, child: [...child, ...copy(path, shown)] }, { groups: { files: [shown] } })
  const seen = groups.files[shown] ?? ''
  same(seen, text, `expected "${text}" in ${path}, got ${seen ? `"${seen}"` : 'nothing: has child a step that writes it?'}`)
})

const closed = check({
  id: 'closed',
  title: 'the file is closed again',
  points: 1,
  hint: 'what a process opens stays open: in a server that never ends, until no more files can be opened',
}, async ({ compute, run, token }) => {
  const path = `/tmp/${token()}`
  const { before = [], child = [] } = await compute(path, token())
  // The process in between lives on, so it can be looked at.
  const { sandbox } = await run({ name: 'note', before: [...before, ...child] }, { groups: { files: [path] } })
  const open = sandbox.open.join(', ')
  if (open) throw new Failure(`whoever made the steps still has ${open} open`, { expected: 'nothing', seen: open })
})

export const exercise: Exercise = { id: '00-syscalls/note', title: 'A text in a file', points: 5, checks: [made, closed] }
