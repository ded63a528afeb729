// exercise: arrange
// wrong: leaves the parts as they came
// score: 1
// says: a step failed: 
import type { Isolation, Syscall } from '@pocker/syscalls'

interface Part { readonly name: string; readonly child: readonly Syscall[] }

export function arrange(parts: readonly Part[]): Isolation {
  return { name: 'container', child: parts.flatMap(({ child }) => child) }
}
