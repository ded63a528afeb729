// pocker step: a container made one system call at a time, and what each changed in the kernel.
//
//   pocker step run IMAGE …          asks before each call, and shows what came of it
//   pocker step run --json IMAGE …   asks nothing, and prints an object a line
import { blockingStdio, everything, Lines, Pilot, Screen, stepsOf, stepThrough } from '@pocker/syscalls'
import type { Command } from 'commander'
import { prepared } from '../container.ts'
import { containerCommand, type Options } from '../flags.ts'

interface StepOptions extends Options { readonly json?: true; readonly verbose?: true }

export function addStep(program: Command): void {
  const parent = withOptions(program.command('step'))
    .summary('make a container one system call at a time')
    .helpOption('--help', 'show this help')
    .enablePositionalOptions()
  const verb = withOptions(containerCommand('run')).summary('`pocker run`, step by step')
  parent.addCommand(verb.action((name: string, words: string[], options: StepOptions) =>
    step(name, words, { ...options, ...parent.opts() })))
}

const withOptions = (command: Command): Command => command
  .option('--json', 'ask nothing, print an object for each call; the program\'s output goes to standard error')
  .option('--verbose', 'show calls in full, with the environment')

async function step(name: string, words: string[], options: StepOptions): Promise<void> {
  const { plan, after } = await prepared(name, words, options)
  const steps = stepsOf(plan)
  blockingStdio() // before Lines gives standard output another number
  const audience = options.json ? new Lines(steps) : new Screen(steps, options.verbose === true)
  process.exitCode = await stepThrough(plan, audience, options.json ? everything : new Pilot()).finally(after)
}
