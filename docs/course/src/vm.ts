// `course vm`: a Linux to break, on the files of this machine, none of which it can change. The tests use the same one.
//
//   course vm                a root shell on the terminal; exit or poweroff ends it
//   course vm -- COMMAND     one command; its exit code is passed on
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Command } from 'commander'
import { REPOSITORY } from './chapters.ts'

const PROGRAM = join(REPOSITORY, '.ci/vm/main.ts')

export function addVm(program: Command): void {
  program.command('vm')
    .description('open a Linux that you can break; outside, nothing changes')
    .argument('[command...]', 'what to run instead of a shell, after --')
    .action(async (words: string[]) => {
      process.exitCode = await open(words)
    })
}

/** @returns the exit code */
async function open(words: readonly string[]): Promise<number> {
  process.on('SIGINT', () => {}) // the machine gets it, too, and ends
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, '--', ...words], { cwd: REPOSITORY, stdio: 'inherit' })
  const [code] = await once(child, 'close') as [number | null]
  return code ?? 1
}
