// exercise: arrange
// wrong: gives the capabilities up before the change of user that needs them
// score: 6
// says: a step failed: setgroups(0
import type { Isolation, Syscall } from '@pocker/syscalls'

interface Part { readonly name: string; readonly child: readonly Syscall[] }

const ORDER = ['oom', 'uts', 'mount', 'bounding', 'capabilities', 'user', 'filter']

export function arrange(parts: readonly Part[]): Isolation {
  for (const { name } of parts) {
    if (!ORDER.includes(name)) throw new Error(`parts: expected oom, uts, mount, bounding, user, capabilities or filter, got ${name}`)
  }
  return { name: 'container', child: ORDER.flatMap((name) => parts.filter((part) => part.name === name)).flatMap(({ child }) => child) }
}
