// An address for a container's lo.
import type { Isolation } from '@pocker/syscalls'

/**
 * The container has a network of its own, in which lo is up, and has this address.
 * @param address such as `10.1.2.3`
 * @param prefix how many bits of it are the network's: from 8 to 32
 * @throws {Error} `address: expected four numbers from 0 to 255, got 10.1.2.256`
 */
export function addressed(address: string, prefix: number): Isolation {
  throw new Error(`TODO: return an isolation whose lo has the address ${address}/${prefix}`)
}
