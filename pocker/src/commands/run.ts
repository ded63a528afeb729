// pocker run: a container in the foreground.
import { runForeground } from '@pocker/syscalls'
import type { Command } from 'commander'
import { prepared } from '../container.ts'
import { containerCommand, type Options } from '../flags.ts'

export function addRun(program: Command): void {
  program.addCommand(containerCommand('run').summary('run a program in a container').action(run))
}

async function run(name: string, words: string[], options: Options): Promise<void> {
  const { plan, after } = await prepared(name, words, options)
  process.exitCode = await runForeground(plan).finally(after)
}
