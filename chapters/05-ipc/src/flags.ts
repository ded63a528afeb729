// The words of `docker run`: --ipc and --shm-size.
//
//   parseIpcMode('container:42')   → { join: 42 }
//   parseSize('1.5g')              → 1610612736
//
// Invariant: pure. Whether there is such a process is the kernel's to say.
import { SpecError } from '@pocker/syscalls'
import type { IpcMode } from './ipc.ts'

const WORDS = ['none', 'private', 'shareable', 'host'] as const

/** @returns `--ipc` as Docker writes it; private if nothing is said. @throws {SpecError} */
export function parseIpcMode(text: string | undefined): IpcMode {
  if (!text) return 'private'
  const word = WORDS.find((one) => one === text)
  if (word) return word
  const number = Number(/^container:(\d+)$/.exec(text)?.[1] ?? 0)
  if (Number.isSafeInteger(number) && number > 0) return { join: number }
  const expected = `${WORDS.join(', ')}, or container: and the number of one of its processes`
  throw new SpecError(`--ipc: expected ${expected}, got ${JSON.stringify(text)}`)
}

/** k is 1024, as everywhere in Docker that is about memory. */
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 }
/** A number, and a unit that may end in b or ib. */
const SIZE = /^(?<number>\d+(?:\.\d*)?|\.\d+) ?(?:(?<unit>[kmgtp])(?:i?b)?|b)?$/i

/**
 * @returns whole bytes, rounded down
 * @throws {SpecError} if it is no size, or none at all: 0 would mean no limit
 * @see https://pkg.go.dev/github.com/docker/go-units#RAMInBytes
 */
export function parseSize(text: string): number {
  const { number = '', unit = '' } = SIZE.exec(text)?.groups ?? {}
  const bytes = Math.floor(Number(number || NaN) * (UNITS[unit.toLowerCase()] ?? NaN))
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes
  const expected = 'a number of bytes above 0, such as 65536, 64m or 1.5g'
  throw new SpecError(`size: expected ${expected}, got ${JSON.stringify(text)}`)
}
