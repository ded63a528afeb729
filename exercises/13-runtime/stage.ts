// Where the answers of parent.ts are tried: process 1 of the sandbox, or a process that ends early, is the one who asks.
//
//   await said(context, { creator: 'stays', program: 'exit 7' })   → what `report` printed in the sandbox when all was over
//
// What is said comes out as the sandbox's host name: the kernel is asked for it from outside.
import { randomInt } from 'node:crypto'
import type { Context } from '@pocker/grader'
import {
  close, clone3, CLONE_CLEAR_SIGHAND, dup3, execve, exit_group, mayFail, open, O_CREAT, O_RDONLY, O_RDWR, read, S_IFIFO, toJson,
  AT_FDCWD, wait4, WALL, write, type Json, type Syscall,
} from '@pocker/syscalls'

/** Descriptors of the caller: two to keep, and others below, between and above them. A shell has its own from 10 on. */
function numbers() {
  const some = (from: number): number => from + randomInt(5)
  const [below, go, between, status, writer] = [some(5), some(20), some(30), some(40), some(52)] as const
  return { below, go, between, status, writer, others: [FIRST, below, go - 1, go + 1, between, status - 1, status + 1, writer] }
}
/** Who has 0, 1 and 2 gets it for the next file. */
const FIRST = 3
type Numbers = ReturnType<typeof numbers>

/**
 * Stays: it says go, and waits. Goes: it says go, and ends when the program runs. Silent: it ends, and has said nothing.
 * Closes: it says nothing, closes its end, and waits.
 */
type Creator = 'stays' | 'goes' | 'silent' | 'closes'

const shell = (script: string, env: readonly string[] = ['PATH=/bin']): Syscall => execve('/bin/sh', ['sh', '-c', script], env)
const fifo = (path: string): Syscall => ({ call: 'mknodat', args: [AT_FDCWD, path, S_IFIFO | 0o600, 0] })
const opened = (path: string, flags: number, number: number): Syscall[] => [
  { ...open(path, flags, 0o600), as: path + number },
  dup3({ resultOf: path + number }, number, 0), close({ resultOf: path + number }),
]

/**
 * @param script what the container's program does, `report` what is said when it is over; both know the numbers
 * @param env the program's environment
 */
export async function said(
  { compute, run }: Context, creator: Creator, script: (fds: Numbers) => string, report: (fds: Numbers) => string,
  env?: readonly string[],
): Promise<{ text: string; fds: Numbers }> {
  const fds = numbers()
  const program = creator === 'goes' ? `echo > /tmp/up; read line < /tmp/gone; ${script(fds)}` : script(fds)
  const { child: list } = toJson({ name: 'container', child: [shell(program, env)] }) as { child: Json }
  const answer = await compute({ list, go: fds.go, status: fds.status })
  const asks: Syscall[] = [
    // Both ends at once, as one end alone would wait for the other.
    ...opened('/tmp/go', O_RDWR, fds.writer), ...opened('/tmp/go', O_RDONLY, fds.go),
    ...opened('/tmp/status', O_RDWR | O_CREAT, fds.status),
    ...fds.others.filter((fd) => fd !== fds.writer && fd !== FIRST).flatMap((fd) => opened('/', O_RDONLY, fd)), open('/', O_RDONLY),
    { ...clone3(CLONE_CLEAR_SIGHAND, answer.child ?? []), as: 'parent' },
    ...(creator === 'silent' ? [] : [creator === 'closes' ? close(fds.writer) : write(fds.writer, '.')]),
  ]
  const gone: Syscall[] = [
    ...(creator === 'goes' ? [...opened('/tmp/up', O_RDONLY, fds.below), read(fds.below, 1)] : []), exit_group(0),
  ]
  const { sandbox } = await run({
    name: 'stage',
    before: [
      fifo('/tmp/go'), fifo('/tmp/up'), fifo('/tmp/gone'),
      ...(creator === 'stays' || creator === 'closes' ? [...asks, wait4({ resultOf: 'parent' }, WALL)] : [
        { ...clone3(CLONE_CLEAR_SIGHAND, [...asks, ...gone]), as: 'creator' }, wait4({ resultOf: 'creator' }, WALL),
        ...opened('/tmp/gone', O_RDWR, fds.writer), write(fds.writer, '\n'),
        // Its child has become ours.
        mayFail(wait4(-1, WALL), 'ECHILD'),
      ]),
      { ...clone3(CLONE_CLEAR_SIGHAND, [shell(`hostname ":$(${report(fds)})"; kill -KILL -1`)]), as: 'report' },
      wait4({ resultOf: 'report' }, WALL),
      // Nobody is left behind: process 1 ends with the first child that does.
      ...Array.from({ length: 4 }, () => mayFail(wait4(-1, WALL), 'ECHILD')),
    ],
  })
  return { text: sandbox.now.nodename.slice(1), fds }
}

/** As wait4 tells it, in a file: code 7 is `00 07 00 00`. */
export const STATUS = 'od -An -tx1 /tmp/status | sed "s/^ //"'
