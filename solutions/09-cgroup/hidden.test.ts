// The hidden checks of chapter 09.
import { join } from 'node:path'
import { check, groupTree, same, type HiddenChecks } from '@pocker/grader'
import { given, started } from '../../exercises/09-cgroup/grouped.test.ts'

const anybody = check({
  id: 'anybody',
  title: 'it enters by itself, whatever its process number is',
  points: 1,
  hint: 'a number that is right once is another process next time; 0 is right always',
  lesson: 'try-it',
}, async (context) => {
  const { seen: { groups }, name } = await started(context, 1, { neighbours: 2 })
  const own = groups.own[given(1)[0] ?? ''] ?? '(none)'
  same(own, `/${name}`, `beside other processes: expected the container in the group /${name}, got ${own}`)
})

const unlimited = check({
  id: 'unlimited',
  title: '0 and -1 stand for any number',
  points: 1,
  hint: 'in the words of version 2, no limit is "max"',
  lesson: 'the-syscalls',
}, async ({ compute, run, token }) => {
  const { unified = '', v1 } = groupTree('pids.max')
  for (const max of [0, -1]) {
    const name = token()
    const directory = join(v1['pids'] ?? unified, name)
    const file = join(directory, 'pids.max')
    const groups = { name, files: [file], preset: { [file]: '500' } }
    const seen = (await run(await compute(directory, max), { groups })).groups.files[file] ?? ''
    same(seen, 'max', `expected max in pids.max for ${max}, got ${seen}`)
  }
})

const refuses = check({
  id: 'refuses',
  title: 'what is no number of processes is refused, with the value',
  points: 1,
  hint: 'Number.isSafeInteger tells whether it is a whole number; and -2 is no limit',
}, async ({ refusal }) => {
  for (const wrong of [1.5, -2]) {
    const expected = `max: expected a whole number of at least -1, got ${wrong}`
    const { message } = await refusal('/sys/fs/cgroup/box', wrong)
    same(message, expected, `expected the error "${expected}", got "${message}"`)
  }
})

export const hidden: HiddenChecks = { grouped: [anybody], counted: [unlimited, refuses] }
