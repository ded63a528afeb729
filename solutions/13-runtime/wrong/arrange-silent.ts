// exercise: arrange
// wrong: passes over what it does not know
// score: 7
// says: arrange() accepted what it must refuse
import type { Isolation, Syscall } from '@pocker/syscalls'

interface Part { readonly name: string; readonly child: readonly Syscall[] }

const ORDER = ['oom', 'uts', 'mount', 'bounding', 'user', 'capabilities', 'filter']

export function arrange(parts: readonly Part[]): Isolation {
  return { name: 'container', child: ORDER.flatMap((name) => parts.filter((part) => part.name === name)).flatMap(({ child }) => child) }
}
