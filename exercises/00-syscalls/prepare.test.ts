// The visible checks of prepare.ts.
import { check, same, type Exercise } from '@pocker/grader'
import { close, dup3, mayFail, wait4, WALL, WNOHANG, type Syscall } from '@pocker/syscalls'
import { alarm, unalarmed } from './files.ts'

const ran = check({
  id: 'ran',
  title: 'a program runs, with its arguments and its environment',
  points: 2,
  hint: 'execve takes a path, a list of arguments that begins with the program\'s name, and a list of NAME=value',
  lesson: 'try-it',
}, async ({ compute, run, token }) => {
  const [path, word] = [`/tmp/${token()}`, `${token(4)} ${token(4)}`]
  const script = `{ echo "$0=$1"; while IFS= read -r -d '' line; do echo "$line"; done < /proc/self/environ; } > ${path}`
  const { child = [], ...isolation } = await compute([['/bin/sh', '-c', script, 'word', word]])
  // Whether it waits is another check's question.
  const { groups } = await run({ ...isolation, child: [...child, mayFail(wait4(-1, WALL), 'ECHILD')] }, { groups: { files: [path] } })
  const [argument, ...environment] = (groups.files[path] ?? '').split('\n')
  same(argument ?? '', `word=${word}`, `expected the program to have the argument "${word}", got "${argument}"`)
  const [expected, seen] = ['PATH=/bin', environment.join(' ')]
  same(seen, expected, `expected the environment ${expected}, got ${seen || 'an empty one'}`)
})

/** Sounds the alarm if there is a child: 0 is one that runs, a number one that is dead, and becomes a descriptor here. */
function childless(word: string): Syscall[] {
  const left = { resultOf: 'the check\'s child' }
  return [
    { ...mayFail(wait4(-1, WALL | WNOHANG), 'ECHILD'), as: left.resultOf, onZero: [alarm(word)] },
    mayFail({ call: 'dup3', args: [0, left, 0] } satisfies ReturnType<typeof dup3>, 'EBADF'),
    { ...mayFail(close(left), 'EBADF'), onZero: [alarm(word)] },
  ]
}

const waited = check({
  id: 'waited',
  title: 'no child is left when the list has ended, neither a running one nor a dead one',
  points: 2,
  hint: 'a child that has ended is kept until its parent has asked for its exit code. Which call asks?',
}, async ({ compute, run, token }) => {
  const word = token()
  for (const programs of [[['/bin/true']], [['/bin/true'], ['/bin/sleep', '0.1']]]) {
    const { child = [], ...isolation } = await compute(programs)
    const message = 'a child is left when the list has ended: expected it to have been waited for'
    await unalarmed(run({ ...isolation, child: [...child, ...childless(word)] }), word, message)
  }
})

export const exercise: Exercise = {
  id: '00-syscalls/prepare', title: 'Others first', points: 6, checks: [ran, waited],
}
