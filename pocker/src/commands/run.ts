// pocker run: a container in the foreground.
import { runForeground } from '@pocker/syscalls'
import type { Command } from 'commander'
import { prepared } from '../container.ts'
import { containerCommand, type Options } from '../flags.ts'
import { runMine } from '../mine.ts'

export function addRun(program: Command): void {
  program.addCommand(containerCommand('run').summary('run a program in a container')
    .option('--mine', 'take the parts that you have solved in exercises/, inside a sandbox').action(run))
}

async function run(name: string, words: string[], options: Options): Promise<void> {
  if (options.mine) {
    process.exitCode = await runMine(name, words, options)
    return
  }
  const { plan, after } = await prepared(name, words, options)
  process.exitCode = await runForeground(plan).finally(after)
}
