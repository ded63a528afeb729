// A container with process numbers of its own, and a /proc that shows them.
import type { Isolation } from '@pocker/syscalls'

/**
 * The program is process 1. A fresh /proc covers the one that is there, in the container only: the machine's list of
 * mounts stays as it was, even if its mounts are shared.
 * @returns an isolation of two flags and two steps. The root has changed already: /proc is the container's
 */
export function processes(): Isolation {
  throw new Error('TODO: return an isolation with a PID namespace and a /proc of its own')
}
