// A container in front: it gets our signals and our standard streams, and its exit code becomes ours.
//
//   process.exitCode = await runForeground(plan([foreground(), …]))
import type { Plan } from '../data/isolation.ts'
import { spawn, type Child } from './spawn.ts'
import { blockingStdio } from './stdio.ts'
import { exitCode, signalTo } from './wait.ts'

/** What another process may send us, and the container's first process is meant to get. */
const FORWARDED: readonly NodeJS.Signals[] = ['SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGTERM', 'SIGCONT']
/** What a terminal sends to all processes in front; the container's are a group of their own, and get it from us. */
const KEYBOARD: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGWINCH']

/**
 * @param plan with the steps of foreground(), which give the container its own group
 * @returns the exit code that a shell would see
 * @throws {StartError} if the kernel refused a step
 */
export async function runForeground(plan: Plan): Promise<number> {
  blockingStdio()
  // Before it starts: its first line may be somebody's cue. No handler runs until it is there, for spawn() lets nobody else run.
  const stop = forwardSignals(() => child.pid)
  let child: Child
  try {
    child = spawn(plan)
    return exitCode(await child.wait())
  } finally {
    stop()
  }
}

/** Process 1 ignores what it does not handle, so a container may not hear. Whoever asks a third time means it. */
const INSISTING = new Set<NodeJS.Signals>(['SIGINT', 'SIGTERM'])
const PATIENCE = 3

/**
 * @param target the container's first process
 * @returns what ends it; call it as soon as the container has ended, for its number may come again
 */
export function forwardSignals(target: () => number): () => void {
  let asked = 0
  const forward = (to: number, signal: NodeJS.Signals): void =>
    signalTo(to, INSISTING.has(signal) && ++asked >= PATIENCE ? 'SIGKILL' : signal)
  const toFirst = (signal: NodeJS.Signals): void => forward(target(), signal)
  const toGroup = (signal: NodeJS.Signals): void => forward(-target(), signal)
  for (const signal of FORWARDED) process.on(signal, toFirst)
  for (const signal of KEYBOARD) process.on(signal, toGroup)
  return () => {
    for (const signal of FORWARDED) process.off(signal, toFirst)
    for (const signal of KEYBOARD) process.off(signal, toGroup)
  }
}
