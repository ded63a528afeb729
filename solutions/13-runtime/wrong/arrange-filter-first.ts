// exercise: arrange
// wrong: sets the filter first, to be on the safe side
// score: 7
// says: EPERM
import type { Isolation, Syscall } from '@pocker/syscalls'

interface Part { readonly name: string; readonly child: readonly Syscall[] }

const ORDER = ['filter', 'oom', 'uts', 'mount', 'bounding', 'user', 'capabilities']

export function arrange(parts: readonly Part[]): Isolation {
  for (const { name } of parts) {
    if (!ORDER.includes(name)) throw new Error(`parts: expected oom, uts, mount, bounding, user, capabilities or filter, got ${name}`)
  }
  return { name: 'container', child: ORDER.flatMap((name) => parts.filter((part) => part.name === name)).flatMap(({ child }) => child) }
}
