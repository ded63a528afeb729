// A pair of network devices, asked for in the kernel's own language.
import type { Isolation } from '@pocker/syscalls'

export interface Pair {
  /** 1 to 15 bytes. */
  readonly name: string
  readonly peer: string
  /** Of the first end, in bytes. */
  readonly mtu: number
}

/**
 * The container has a network namespace of its own, and in it a veth pair: one end is called `name`, is up and has this
 * MTU; the other is called `peer`.
 * @returns an isolation whose child sends one netlink message, RTM_NEWLINK: a Buffer that you fill byte by byte
 */
export function pair({ name, peer, mtu }: Pair): Isolation {
  throw new Error(`TODO: return an isolation with the devices ${name}, whose MTU is ${mtu}, and ${peer}`)
}
