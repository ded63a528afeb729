// exercise: arrange
// wrong: writes to /proc when there is none any more
// score: 7
// says: a step failed: openat(AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY|O_CLOEXEC): ENOENT
import type { Isolation, Syscall } from '@pocker/syscalls'

interface Part { readonly name: string; readonly child: readonly Syscall[] }

const ORDER = ['uts', 'mount', 'oom', 'bounding', 'user', 'capabilities', 'filter']

export function arrange(parts: readonly Part[]): Isolation {
  for (const { name } of parts) {
    if (!ORDER.includes(name)) throw new Error(`parts: expected oom, uts, mount, bounding, user, capabilities or filter, got ${name}`)
  }
  return { name: 'container', child: ORDER.flatMap((name) => parts.filter((part) => part.name === name)).flatMap(({ child }) => child) }
}
