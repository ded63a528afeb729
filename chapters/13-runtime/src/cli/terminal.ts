// A container's terminal in ours: what is typed goes to it, what it prints comes here, and its window is as large as ours.
//
//   const { theirs, master } = terminalPair()      → theirs is given to the container, which sends its terminal over it
//   const detach = attachTerminal(master())        → from here on, ours is raw: Ctrl-C is a byte like any other
//
// Invariant: detach() gives our terminal back as it was, whatever happened.
import { closeSync } from 'node:fs'
import { ReadStream, WriteStream } from 'node:tty'
import { call, SpecError } from '@pocker/syscalls'
import { descriptorIn, receiveDescriptor, setWindowSize, socketPair } from '../calls.ts'

export interface TerminalPair {
  /** A socket for whoever makes the container. */
  readonly theirs: number
  /** Closes both sockets. @returns the terminal's master, once the container has sent it */
  readonly master: () => number
}

/** @throws {SpecError} if we have no terminal ourselves */
export function terminalPair(): TerminalPair {
  if (!process.stdin.isTTY) {
    throw new SpecError('--console-socket: expected a socket to send the terminal to, or a terminal of our own, got neither')
  }
  const [fds] = call(socketPair()).outs
  const [ours, theirs] = [fds?.readInt32LE(0) ?? -1, fds?.readInt32LE(4) ?? -1]
  return {
    theirs,
    master: () => {
      closeSync(theirs)
      try {
        return descriptorIn(call(receiveDescriptor(ours)).outs[1] ?? Buffer.alloc(0))
      } finally {
        closeSync(ours)
      }
    },
  }
}

/** @returns what gives our terminal back, once all that the container printed has come */
export function attachTerminal(master: number): () => Promise<void> {
  const [output, input] = [new ReadStream(master), new WriteStream(master)]
  const ended = new Promise<void>((resolve) => {
    output.once('close', () => resolve())
    output.on('error', () => output.destroy()) // EIO: nobody has the other end open any more
  })
  const resized = (): void => {
    const [width, height] = process.stdout.isTTY ? process.stdout.getWindowSize() : [80, 24]
    call(setWindowSize(master, { height, width }))
  }
  resized()
  process.on('SIGWINCH', resized)
  process.stdin.setRawMode(true)
  process.stdin.pipe(input)
  output.pipe(process.stdout, { end: false })
  return async () => {
    process.stdin.unpipe(input)
    process.stdin.pause()
    process.stdin.setRawMode(false)
    process.off('SIGWINCH', resized)
    await ended
  }
}
