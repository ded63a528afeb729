// Pipes between parent and child. Both ends are close-on-exec; a child that is to keep one says so in its list.
import { closeSync, readSync, writeSync } from 'node:fs'
import { pipe2 } from '../data/calls.ts'
import { O_CLOEXEC } from '../data/constants.ts'
import { call } from './call.ts'

/** @returns the two descriptors of a new pipe; whoever asked closes them. @see pipe2(2) */
export function pipe(): { readonly reader: number; readonly writer: number } {
  const [fds] = call(pipe2(O_CLOEXEC)).outs
  return { reader: fds?.readInt32LE(0) ?? -1, writer: fds?.readInt32LE(4) ?? -1 }
}

/** A pipe that knows which of its ends are open. */
export class Pipe {
  readonly reader: number
  readonly writer: number
  readonly #open: Set<number>

  /** @param ends of something that is open already, such as a named pipe */
  constructor(ends: { readonly reader: number; readonly writer: number } = pipe()) {
    const { reader, writer } = ends
    this.reader = reader
    this.writer = writer
    this.#open = new Set([this.reader, this.writer])
  }

  /** Closes one end, or what is open of both. */
  close(fd?: number): void {
    for (const end of fd === undefined ? [...this.#open] : [fd]) {
      if (this.#open.delete(end)) closeSync(end)
    }
  }

  /** @returns the reading end, for a stream that closes it */
  handOver(): number {
    this.#open.delete(this.reader)
    return this.reader
  }

  /** One byte for whoever waits at the other end. */
  signal(): void {
    writeSync(this.writer, '.')
  }

  /** @returns whether a byte came; false at the end of the pipe */
  waitSync(): boolean {
    return readSync(this.reader, Buffer.alloc(1)) === 1
  }
}
