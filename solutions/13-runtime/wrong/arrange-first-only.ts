// exercise: arrange
// wrong: takes the first part of each name
// score: 7
// says: a step of the part mount is missing
import type { Isolation, Syscall } from '@pocker/syscalls'

interface Part { readonly name: string; readonly child: readonly Syscall[] }

const ORDER = ['oom', 'uts', 'mount', 'bounding', 'user', 'capabilities', 'filter']

export function arrange(parts: readonly Part[]): Isolation {
  for (const { name } of parts) {
    if (!ORDER.includes(name)) throw new Error(`parts: expected oom, uts, mount, bounding, user, capabilities or filter, got ${name}`)
  }
  return { name: 'container', child: ORDER.flatMap((name) => parts.find((part) => part.name === name)?.child ?? []) }
}
