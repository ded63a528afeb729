// exercise: arrange
// wrong: drops from the bounding set last, when it may no longer
// score: 6
// says: a step failed: prctl(PR_CAPBSET_DROP, CAP_CHOWN): EPERM
import type { Isolation, Syscall } from '@pocker/syscalls'

interface Part { readonly name: string; readonly child: readonly Syscall[] }

const ORDER = ['oom', 'uts', 'mount', 'user', 'capabilities', 'bounding', 'filter']

export function arrange(parts: readonly Part[]): Isolation {
  for (const { name } of parts) {
    if (!ORDER.includes(name)) throw new Error(`parts: expected oom, uts, mount, bounding, user, capabilities or filter, got ${name}`)
  }
  return { name: 'container', child: ORDER.flatMap((name) => parts.filter((part) => part.name === name)).flatMap(({ child }) => child) }
}
