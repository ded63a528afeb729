// pocker run: a container in the foreground.
import { busyboxRootfs, checkRootfs } from '@pocker/chroot'
import { blockingStdio, exitCode, spawn, type Child } from '@pocker/syscalls'
import type { Command } from 'commander'
import { containerCommand, findImage, toPlan, type Image, type Options } from '../container.ts'
import { say } from '../errors.ts'

/** What another process may send us, and the container's first process is meant to get. */
const FORWARDED: readonly NodeJS.Signals[] = ['SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGTERM', 'SIGCONT']
/** What a terminal sends to all processes in front; the container's are a group of their own, and get it from us. */
const KEYBOARD: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGWINCH']

export function addRun(program: Command): void {
  program.addCommand(containerCommand('run').summary('run a program in a container').action(run))
}

async function run(name: string, words: string[], options: Options): Promise<void> {
  const image = findImage(name)
  const plan = toPlan(image, words, options)
  await ensureRootfs(image, name)
  blockingStdio()
  const child = spawn(plan)
  const stop = forwardSignals(child)
  process.exitCode = exitCode(await child.wait())
  stop()
}

/** Makes the root file system of a built-in image if it is not there yet. */
export async function ensureRootfs(image: Image, name: string): Promise<void> {
  if (image.builtIn) {
    const { made, source } = await busyboxRootfs(image.path)
    if (made) say(`${name}: not here yet, and no registry to ask: made from Debian's package ${source}`)
  }
  checkRootfs(image.path)
}

function forwardSignals(child: Child): () => void {
  const forward = (signal: NodeJS.Signals): void => child.kill(signal)
  const toGroup = (signal: NodeJS.Signals): void => void process.kill(-child.pid, signal)
  for (const signal of FORWARDED) process.on(signal, forward)
  for (const signal of KEYBOARD) process.on(signal, toGroup)
  return () => {
    for (const signal of FORWARDED) process.off(signal, forward)
    for (const signal of KEYBOARD) process.off(signal, toGroup)
  }
}
