// The words of `docker run`: --network.
//
//   parseNetwork('container:42')   → { path: '/proc/42/ns/net' }
//
// Invariant: pure. Whether there is such a process is the kernel's to say.
import { SpecError } from '@pocker/syscalls'
import type { NetMode } from './net.ts'

/** @returns `none` if nothing is said. @throws {SpecError} */
export function parseNetwork(text: string | undefined): NetMode {
  if (text === undefined || text === 'none') return 'none'
  if (text === 'host') return 'host'
  const number = Number(/^container:(\d+)$/.exec(text)?.[1] ?? 0)
  if (Number.isSafeInteger(number) && number > 0) return { path: `/proc/${number}/ns/net` }
  const expected = 'none, host, or container: and the number of one of its processes'
  throw new SpecError(`--network: expected ${expected}, got ${JSON.stringify(text)}`)
}
