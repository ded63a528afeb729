// exercise: arrange
// wrong: leaves the capabilities out, as a user who is not root has none
// score: 6
// says: a step of the part capabilities is missing
import type { Isolation, Syscall } from '@pocker/syscalls'

export interface Part { readonly name: string; readonly child: readonly Syscall[] }

const ORDER = [
  'oom', //            while there is a /proc
  'uts',
  'mount', //          while there is CAP_SYS_ADMIN
  'bounding', //       while there is CAP_SETPCAP: a change of user empties the effective set
  'user', //           while there is CAP_SETUID
  'capabilities', //   what the change of user has left
  'filter', //         it holds for us, too
]

export function arrange(parts: readonly Part[]): Isolation {
  for (const { name } of parts) {
    if (!ORDER.includes(name)) throw new Error(`parts: expected ${ORDER.slice(0, -1).join(', ')} or filter, got ${name}`)
  }
  return { name: 'container', child: ORDER.flatMap((name) => parts.filter((part) => part.name === name && name !== 'capabilities')).flatMap(({ child }) => child) }
}
