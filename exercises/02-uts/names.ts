// Host name and domain name, each of them if it is asked for.
import type { Isolation } from '@pocker/syscalls'

/**
 * The container always has a UTS namespace of its own. A name that is absent stays as it was: nothing is set for it.
 * @param spec each name at most 64 bytes
 * @throws {Error} `hostname: at most 64 bytes, got 65`, or the same for domainname, if a name is too long
 */
export function names(spec: { hostname?: string; domainname?: string }): Isolation {
  throw new Error(`TODO: return an isolation for ${JSON.stringify(spec)}`)
}
