// The visible checks of prepare.ts.
import { check, same, type Exercise } from '@pocker/grader'
import { close, dup3, mayFail, wait4, WALL, WNOHANG, type Syscall } from '@pocker/syscalls'
import { alarm, unalarmed } from './files.ts'

const ran = check({
  id: 'ran',
  title: 'each program runs, with its arguments and its environment',
  points: 2,
  hint: 'execve takes a path, a list of arguments that begins with the program\'s name, and a list of NAME=value',
  lesson: 'try-it',
}, async ({ compute, run, token }) => {
  const [files, words] = [[`/tmp/${token()}`, `/tmp/${token()}`], [1, 2].map(() => `${token(4)} ${token(4)}`)]
  const programs = files.map((path, i) => {
    const script = `{ echo "$0=$1"; while IFS= read -r -d '' line; do echo "$line"; done < /proc/self/environ; } > ${path}`
    return ['/bin/sh', '-c', script, 'word', words[i] ?? '']
  })
  const { child = [], ...isolation } = await compute(programs)
  // Whether it waits is another check's question.
  const wait = programs.map(() => mayFail(wait4(-1, WALL), 'ECHILD'))
  const { groups } = await run({ ...isolation, child: [...child, ...wait] }, { groups: { files } })
  files.forEach((path, i) => {
    const [argument, ...environment] = (groups.files[path] ?? '').split('\n')
    same(argument ?? '', `word=${words[i]}`, `program ${i + 1}: expected the argument "${words[i]}", got "${argument}"`)
    const [expected, seen] = ['PATH=/bin', environment.join(' ')]
    same(seen, expected, `program ${i + 1}: expected the environment ${expected}, got ${seen || 'an empty one'}`)
  })
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
