// `course vm`: a Linux to break, on the files of this machine, none of which it can change. The tests use the same one.
//
//   course vm                a root shell on the terminal; exit or poweroff ends it
//   course vm -- COMMAND     one command; its exit code is passed on
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SpecError } from '@pocker/syscalls'
import { REPOSITORY } from './chapters.ts'

const PROGRAM = join(REPOSITORY, '.ci/vm/main.ts')

/** @returns the exit code */
export async function openVm(words: readonly string[]): Promise<number> {
  if (!existsSync(PROGRAM)) throw new SpecError('vm: the virtual machine is not in this copy of the course')
  process.on('SIGINT', () => {}) // the machine gets it, too, and ends
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, '--', ...words], { cwd: REPOSITORY, stdio: 'inherit' })
  const [code] = await once(child, 'close') as [number | null]
  return code ?? 1
}
