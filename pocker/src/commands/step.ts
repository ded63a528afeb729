// pocker step: a container made one system call at a time, and what each changed in the kernel.
//
//   pocker step run IMAGE …          asks before each call (step/keys.ts) and shows what came of it (step/screen.ts)
//   pocker step run --json IMAGE …   asks nothing, and prints an object a line (step/lines.ts)
//
// Invariant: whatever is known of an execve is printed before it is made; from then on, the terminal is the program's.
import {
  blockingStdio, differences, exitCode, forwardSignals, namespaces, observe, StartError, Stepper, stepsOf, type Change,
  type Exit, type Plan, type Step, type Syscall, type View,
} from '@pocker/syscalls'
import type { Command } from 'commander'
import { prepared } from '../container.ts'
import { containerCommand, type Options } from '../flags.ts'
import { everything, Pilot, type Steering } from './step/keys.ts'
import { Lines } from './step/lines.ts'
import { Screen } from './step/screen.ts'

interface StepOptions extends Options { readonly json?: true; readonly verbose?: true }

/** What the kernel answered; undefined if there is no answer, because the program runs instead. */
export type Answer = number | undefined

/** Who is told what happens: a person, or a program. */
export interface Audience {
  /** The process is there; of its namespaces, these are its own. */
  made(clone: Syscall, pid: number, changes: readonly Change[]): void
  /** This step is next. */
  upcoming(n: number, step: Step): void
  /** This step was made; `fatal` if it ended the container. */
  done(n: number, step: Step, answer: Answer, changes: readonly Change[], fatal?: true): void
  stopped(n: number): void
  ended(exit: Exit): void
}

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
  const audience = options.json ? new Lines(steps) : new Screen(steps, options.verbose === true)
  blockingStdio()
  process.exitCode = await stepThrough(plan, audience, options.json ? everything : new Pilot()).finally(after)
}

/** @returns the exit code that a shell would see */
async function stepThrough(plan: Plan, audience: Audience, steering: Steering): Promise<number> {
  const stepper = new Stepper(plan)
  try {
    audience.made(stepper.clone, stepper.pid, ownNamespaces(stepper.pid))
    const silence = await walk(stepper, audience, steering)
    if (silence) audience.ended(await stepper.wait().finally(silence))
  } finally {
    stepper.stop()
  }
  return exitCode(await stepper.wait())
}

/** @returns what stops sending the program our signals; undefined if it was not executed, because somebody said stop */
async function walk(stepper: Stepper, audience: Audience, steering: Steering): Promise<(() => void) | undefined> {
  let view: View = observe(stepper.pid)
  let silence: (() => void) | undefined
  for (let n = 1; stepper.upcoming; n++) {
    const step = stepper.upcoming
    audience.upcoming(n, step)
    if (!await steering.goOn(stepper.steps.slice(n - 1))) {
      audience.stopped(n)
      silence?.()
      return undefined
    }
    // A signal is the program's from its first moment on; until then, it ends this.
    if (step.call.startsWith('execve')) silence ??= forwardSignals(() => stepper.pid)
    const answer = await make(stepper, (errno) => audience.done(n, step, -errno, [], true))
    const now = answer === undefined ? view : observe(stepper.pid) // once it runs, the program changes itself
    audience.done(n, step, answer, differences(view, now))
    view = now
  }
  return silence
}

async function make(stepper: Stepper, failed: (errno: number) => void): Promise<Answer> {
  try {
    const { value } = (await stepper.next()).result
    return value === undefined ? undefined : Number(value)
  } catch (error) {
    if (error instanceof StartError) failed(error.errno)
    throw error
  }
}

/** What clone3 changed: the namespaces that the process does not share with this one. */
function ownNamespaces(pid: number): Change[] {
  const [ours, its] = [namespaces('self'), namespaces(pid)]
  return Object.entries(its).filter(([type, id]) => ours[type] !== id)
    .map(([type, id]) => ({ what: `${type} namespace`, was: ours[type] ?? '', is: id }))
}
