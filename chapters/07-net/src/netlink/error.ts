// What the kernel refused, in one line.
//
//   link add br0: EEXIST (file exists)
//   route add default via 10.0.0.1: ENETUNREACH (network is unreachable): Nexthop has invalid gateway
//
// Invariant: it names the request in the words of ip(8), also when the request was one of many.
import { SyscallError } from '@pocker/syscalls'
import type { Ack } from './message.ts'

/** The kernel refused a request: `link add br0: EEXIST (file exists)`, and behind that its own words, if it has some. */
export class NetlinkError extends SyscallError {
  override readonly name: string = 'NetlinkError'
  /** Extended ACK: what the kernel says in words. */
  readonly reason: string | undefined
  /** Extended ACK: the byte of the message that it does not like. */
  readonly offset: number | undefined

  /** @param what the request in words */
  constructor(what: string, { errno, reason, offset }: Ack, options?: ErrorOptions) {
    super(what, errno, options)
    if (reason) this.message += `: ${reason}`
    this.reason = reason
    this.offset = offset
  }
}
