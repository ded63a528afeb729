// pocker run: a container in the foreground.
import { busyboxRootfs, checkRootfs } from '@pocker/chroot'
import { runForeground } from '@pocker/syscalls'
import type { Command } from 'commander'
import { containerCommand, findImage, prepareSources, toPlan, type Image, type Options } from '../container.ts'
import { say } from '../errors.ts'

export function addRun(program: Command): void {
  program.addCommand(containerCommand('run').summary('run a program in a container').action(run))
}

async function run(name: string, words: string[], options: Options): Promise<void> {
  const image = findImage(name)
  const plan = toPlan(image, words, options)
  await ensureRootfs(image, name)
  prepareSources(options)
  process.exitCode = await runForeground(plan)
}

/** Makes the root file system of a built-in image if it is not there yet. */
export async function ensureRootfs(image: Image, name: string): Promise<void> {
  if (image.builtIn) {
    const { made, source } = await busyboxRootfs(image.path)
    if (made) say(`${name}: not here yet, and no registry to ask: made from Debian's package ${source}`)
  }
  checkRootfs(image.path)
}
