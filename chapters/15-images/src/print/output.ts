// Where an archive goes: to standard output, or to a file.
//
//   await writeArchive(save(images, words), 'images.tar')
//
// Invariant: the file is there whole or not at all, whoever interrupts, and for nobody else. A device or a pipe is written to as it
// is.
import { createWriteStream, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Source } from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'

/** @throws {SpecError} before anything is made, if it cannot be written there */
export async function writeArchive(source: Source, output: string | undefined): Promise<void> {
  if (output === undefined) {
    if (process.stdout.isTTY) throw new SpecError('cowardly refusing to save to a terminal. Use the -o flag or redirect')
    return await pipeline(source, process.stdout)
  }
  const found = statSync(output, { throwIfNoEntry: false })
  if (found?.isDirectory()) throw new SpecError(`--output: expected a file, got ${JSON.stringify(output)}, which is a directory`)
  if (found && !found.isFile()) return await pipeline(source, createWriteStream(output))
  const fresh = `${output}.${process.pid}.new`
  const stop = (_: string, signal: number): void => {
    rmSync(fresh, { force: true })
    process.exit(128 + signal)
  }
  for (const signal of SIGNALS) process.once(signal, stop)
  try {
    const fd = openSync(fresh, 'w', 0o600) // now: a stream would make it when it may have been removed again
    await pipeline(source, createWriteStream(fresh, { fd, flush: true }))
    renameSync(fresh, output)
  } finally {
    rmSync(fresh, { force: true })
    for (const signal of SIGNALS) process.off(signal, stop)
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
