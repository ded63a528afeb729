// A directory of the machine's, shown to the container, and not to be changed by it.
import type { Isolation } from '@pocker/syscalls'

/**
 * @param spec.source a directory
 * @param spec.target an empty directory: here the container sees the source, read-only. The source stays as it is
 */
export function readonlyBind(spec: { source: string; target: string }): Isolation {
  throw new Error(`TODO: return an isolation for ${JSON.stringify(spec)}`)
}
