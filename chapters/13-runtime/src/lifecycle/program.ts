// Is there a program to start? Asked when the container is made, so that who asked for it is told then, and not at its start.
//
//   checkProgram(pid, spec)   → nothing, or a StartError: exec: "nginx": executable file not found in $PATH
//
// Invariant: looked up within the container's root, wherever its links point; nothing is executed. execve has the last word.
import { closeSync, fstatSync } from 'node:fs'
import { posix } from 'node:path'
import {
  call, callAll, candidates, DEFAULT_PATH, execFailure, open, OPEN_HOW, O_CLOEXEC, O_PATH, RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS, StartError, SyscallError, type Attempt,
} from '@pocker/syscalls'
import { processOf } from '../compile/process.ts'
import type { Spec } from '../spec/schema.ts'

const [EACCES, EXECUTABLE] = [13, 0o111]

/** @throws {StartError} if no candidate is an executable file */
export function checkProgram(pid: number, spec: Spec): void {
  const { args: [program = ''], cwd, env = [] } = processOf(spec)
  const root = rootOf(pid)
  if (root === undefined) return
  try {
    const path = env.findLast((entry) => entry.startsWith('PATH='))?.slice('PATH='.length) ?? DEFAULT_PATH
    const attempts = candidates(program, path).map((file) => attempt(root, posix.resolve(cwd, file)))
    if (attempts.some(({ errno }) => errno === 0)) return
    throw new StartError('execve', attempts[0]?.errno ?? 0, { by: 'command', program: execFailure(program, attempts) })
  } finally {
    closeSync(root)
  }
}

/** @returns what is / for the process; undefined for an ordinary user, who may not look into a container that is being made */
function rootOf(pid: number): number | undefined {
  try {
    return Number(call(open(`/proc/${pid}/root`, O_PATH | O_CLOEXEC)).value)
  } catch (error) {
    if (error instanceof SyscallError && ['EACCES', 'EPERM'].includes(error.code)) return undefined
    throw error
  }
}

function attempt(root: number, path: string): Attempt {
  const how = { flags: O_PATH | O_CLOEXEC, resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS }
  try {
    const fd = Number(callAll([{ call: 'openat2', args: [root, path, how, OPEN_HOW.size] }])[0]?.value)
    try {
      const found = fstatSync(fd)
      return { path, errno: found.isFile() && found.mode & EXECUTABLE ? 0 : EACCES }
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (error instanceof SyscallError) return { path, errno: error.errno }
    throw error
  }
}
