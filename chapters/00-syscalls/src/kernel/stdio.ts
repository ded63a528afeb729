// Standard streams, as a program expects them.
import { getStatusFlags, setStatusFlags } from '../data/calls.ts'
import { O_NONBLOCK } from '../data/constants.ts'
import { SyscallError } from '../errno.ts'
import { call } from './call.ts'

/**
 * Makes descriptors 0, 1 and 2 blocking. Node makes a pipe non-blocking as soon as it uses it, and whoever shares the open
 * file (the container, the rest of a shell's pipeline) would get EAGAIN.
 */
export function blockingStdio(): void {
  for (const fd of [0, 1, 2]) {
    try {
      const flags = Number(call(getStatusFlags(fd)).value)
      if (flags & O_NONBLOCK) call(setStatusFlags(fd, flags & ~O_NONBLOCK))
    } catch (error) {
      if (!(error instanceof SyscallError && error.code === 'EBADF')) throw error // closed by the caller: so be it
    }
  }
}
