// A network of its own, the machine's, or somebody else's.
import type { Isolation } from '@pocker/syscalls'

/** `path` is a file that stands for a network namespace, such as /proc/42/ns/net. */
export type Mode = 'none' | 'host' | { readonly path: string }

/**
 * @param mode none: a namespace of its own, with nothing but lo, and lo is up; host: the machine's, as it is; a path: that
 *   one, as it is
 * @returns an isolation that decides this, and changes nothing else
 */
export function network(mode: Mode): Isolation {
  throw new Error(`TODO: return an isolation for the mode ${JSON.stringify(mode)}`)
}
