// exercise: arrange
// wrong: changes the user first, as everything else then belongs to him
// score: 4
// says: a step failed: mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL): EPERM
import type { Isolation, Syscall } from '@pocker/syscalls'

interface Part { readonly name: string; readonly child: readonly Syscall[] }

const ORDER = ['oom', 'user', 'uts', 'mount', 'bounding', 'capabilities', 'filter']

export function arrange(parts: readonly Part[]): Isolation {
  for (const { name } of parts) {
    if (!ORDER.includes(name)) throw new Error(`parts: expected oom, uts, mount, bounding, user, capabilities or filter, got ${name}`)
  }
  return { name: 'container', child: ORDER.flatMap((name) => parts.filter((part) => part.name === name)).flatMap(({ child }) => child) }
}
