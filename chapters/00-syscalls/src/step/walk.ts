// A container made one system call at a time, while somebody watches and steers.
//
//   await stepThrough(plan, new Screen(steps, false), new Pilot())   → the exit code that a shell would see
//
// keys.ts asks before each call, screen.ts shows what came of it; lines.ts does so for a program.
// Invariant: whatever is known of an execve is told before it is made; from then on, the terminal is the program's.
import type { Plan, Step } from '../data/isolation.ts'
import type { Syscall } from '../data/syscall.ts'
import { differences, type Change } from '../kernel/changes.ts'
import { StartError } from '../kernel/failure.ts'
import { forwardSignals } from '../kernel/foreground.ts'
import { namespaces, observe, type View } from '../kernel/observe.ts'
import { Stepper } from '../kernel/step.ts'
import { exitCode, type Exit } from '../kernel/wait.ts'
import type { Steering } from './keys.ts'

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

/** @returns the exit code that a shell would see */
export async function stepThrough(plan: Plan, audience: Audience, steering: Steering): Promise<number> {
  const stepper = new Stepper(plan)
  let exit: Exit
  try {
    audience.made(stepper.clone, stepper.pid, ownNamespaces(stepper.pid))
    const silence = await walk(stepper, audience, steering)
    if (silence) audience.ended(await stepper.wait().finally(silence))
  } finally {
    stepper.stop()
    exit = await stepper.wait() // whatever went wrong: then all that the plan needed is taken back
  }
  return exitCode(exit)
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
