// Addresses: which ones a device answers to.
//
//   addAddress({ address: '10.0.0.2/24', dev: 'eth0' }), removeAddress({ … }), listAddresses
//
// Invariant: requests are data. Numbers: <linux/if_addr.h>. @see rtnetlink(7), ip-address(8)
import { device, ip, label, u32, u8, type Device, type Table } from './attributes.ts'
import { ADD, CHANGE, dump, present, request, type Dump, type Family, type Request } from './request.ts'
import { scope, type Scope } from './route.ts'
import { AF_INET, AF_UNSPEC, checkFamily, formatIp, parsePrefix } from './text.ts'

const RTM_NEWADDR = 20
const RTM_DELADDR = 21
const RTM_GETADDR = 22
/** Duplicate address detection waits for others who have it. @see RFC 4862 */
const IFA_F_NODAD = 2
const IFA_F_TENTATIVE = 0x40
/** What is on 127.0.0.0/8 is nobody's business but the host's. */
const LOOPBACK = 127

/** IFA_* */
const ATTRIBUTES = {
  address: [1, ip], local: [2, ip], label: [3, label], broadcast: [4, ip], flags: [8, u32],
} as const satisfies Table
/** struct ifaddrmsg */
const HEADER = { family: u8, length: u8, flags: u8, scope, index: device }
const ADDRESS: Family<typeof HEADER, typeof ATTRIBUTES> = { header: HEADER, attributes: ATTRIBUTES }

export interface AddressSpec {
  /** With the length of its network: `10.0.0.2/24`. */
  readonly address: string
  readonly dev: Device
  readonly broadcast?: string
  /** IPv4 only: a name for the address, at most 15 bytes. */
  readonly label?: string
  /** IPv4 only; IPv6 addresses carry it in themselves. */
  readonly scope?: Scope
  /** IPv6 only: usable at once, without duplicate address detection. */
  readonly nodad?: boolean
}

const address = (verb: string, type: number, flags: number, spec: AddressSpec): Request => {
  const { family, bytes, length } = parsePrefix('address', spec.address)
  const local = formatIp(bytes)
  checkFamily('broadcast', family, spec.broadcast)
  return request(`address ${verb} ${spec.address} dev ${spec.dev}`, type, flags, ADDRESS, {
    family, length, flags: spec.nodad ? IFA_F_NODAD : 0, index: spec.dev,
    scope: spec.scope ?? (family === AF_INET && bytes[0] === LOOPBACK && type === RTM_NEWADDR ? 'host' : 'global'),
  }, { local, broadcast: spec.broadcast, label: spec.label, address: local })
}

/** @throws {SpecError}. The request fails with EEXIST if the device has it already */
export const addAddress = (spec: AddressSpec): Request => address('add', RTM_NEWADDR, ADD, spec)
/** @throws {SpecError}. The request fails with EADDRNOTAVAIL if the device does not have it */
export const removeAddress = (spec: Pick<AddressSpec, 'address' | 'dev'>): Request => address('del', RTM_DELADDR, CHANGE, spec)

export interface Address {
  readonly address: string
  readonly dev: string
  readonly scope: Scope
  readonly broadcast?: string
  readonly label?: string
  readonly nodad: boolean
  /** Duplicate address detection is not over yet: nothing can be bound to it. */
  readonly tentative: boolean
}

export const listAddresses: Dump<Address> = dump(
  'address list', RTM_GETADDR, ADDRESS, { family: AF_UNSPEC },
  ({ length, scope, index, flags: low }, { address, local, label, broadcast, flags = low ?? 0 }, nameOf) => present({
    address: `${local ?? address}/${length}`, dev: nameOf(Number(index)), scope: scope ?? 'global', broadcast, label,
    nodad: (flags & IFA_F_NODAD) !== 0, tentative: (flags & IFA_F_TENTATIVE) !== 0,
  }),
)
