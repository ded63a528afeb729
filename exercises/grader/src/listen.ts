// Reading what a process of the grader's writes: until a text is found, and with limits.
import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'

export const closeAll = (fds: readonly number[]): void => fds.forEach((fd) => closeSync(fd))

/** How long to read, and how much. */
export interface Limits {
  readonly ms: number
  readonly bytes: number
  /** Asked when the time is over: whether to wait as long once more; at most so often as MORE says. */
  readonly waits?: () => boolean
}
const MORE = 5

/** How reading ended: the text was found, the writers are gone, the time is over, or there was too much. */
export interface Heard { readonly end: 'found' | 'closed' | 'late' | 'long'; readonly text: string }

/** Reads until `found` matches. The descriptor is closed then. */
export const listen = (fd: number, found: (text: string) => boolean, limits: Limits): Promise<Heard> =>
  listenTo(new Socket({ fd, readable: true, writable: false }), found, limits)

export function listenTo(socket: Readable, found: (text: string) => boolean, limits: Limits): Promise<Heard> {
  return new Promise((resolve) => {
    let text = ''
    const done = (end: Heard['end']): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ end, text })
    }
    let more = 0
    const over = (): void => {
      if (more++ >= MORE || !limits.waits?.()) return done('late')
      timer = setTimeout(over, limits.ms)
    }
    let timer = setTimeout(over, limits.ms)
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      text += chunk
      if (found(text)) done('found')
      else if (text.length > limits.bytes) done('long')
    })
    socket.on('end', () => done('closed'))
    socket.on('error', () => done('closed'))
  })
}
