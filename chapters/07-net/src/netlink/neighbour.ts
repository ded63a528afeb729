// Neighbours: which MAC address belongs to which IP address (ARP, NDP), and, in a bridge or a VXLAN, behind which port or
// host a MAC address is: the forwarding database (FDB).
//
//   addNeighbour({ address: '10.0.0.9', mac: '02:00:00:00:00:09', dev: 'eth0' }), listNeighbours
//   appendFdb({ mac: '00:00:00:00:00:00', dev: 'vxlan0', remote: '192.0.2.7' }), listFdb
//
// Invariant: requests are data. Numbers: <linux/neighbour.h>. @see rtnetlink(7), ip-neighbour(8), bridge(8)
import { be16, device, ip, mac, u16, u32, u8, type Device, type Table } from './attributes.ts'
import { NLM_F_APPEND, NLM_F_CREATE } from './message.ts'
import { ADD, CHANGE, dump, present, REPLACE, request, type Dump, type Family, type Request } from './request.ts'
import { AF_BRIDGE, AF_UNSPEC, familyOf, parseIp } from './text.ts'

const RTM_NEWNEIGH = 28
const RTM_DELNEIGH = 29
const RTM_GETNEIGH = 30
/** NTF_*: in the device itself, as a VXLAN has it, or in the bridge that it is a port of. */
const NTF_SELF = 2
const NTF_MASTER = 4

/** NUD_*: bits, but a neighbour has one. */
const STATES = {
  incomplete: 1, reachable: 2, stale: 4, delay: 8, probe: 0x10, failed: 0x20, noarp: 0x40, permanent: 0x80,
} as const
export type NeighbourState = keyof typeof STATES
const stateOf = (bits = 0): NeighbourState | undefined =>
  (Object.keys(STATES) as NeighbourState[]).toReversed().find((state) => (bits & STATES[state]) !== 0)

/** NDA_* */
const ATTRIBUTES = {
  address: [1, ip], mac: [2, mac], vlan: [5, u16], port: [6, be16], vni: [7, u32], master: [9, device],
} as const satisfies Table
/** struct ndmsg */
const HEADER = { family: u8, pad: u8, pad2: u16, index: device, state: u16, flags: u8, type: u8 }
const NEIGHBOUR: Family<typeof HEADER, typeof ATTRIBUTES> = { header: HEADER, attributes: ATTRIBUTES }

export interface NeighbourSpec {
  readonly address: string
  readonly mac: string
  readonly dev: Device
  /** `permanent` if nothing is said. */
  readonly state?: NeighbourState
}

type Target = Pick<NeighbourSpec, 'address' | 'dev'>

const neighbour = (
  verb: string, type: number, flags: number, { address, mac, dev, state = 'permanent' }: Partial<NeighbourSpec> & Target,
): Request =>
  request(`neighbour ${verb} ${address} dev ${dev}`, type, flags, NEIGHBOUR,
    { family: familyOf(parseIp('address', address)), index: dev, state: STATES[state] }, { address, mac })

/** @throws {SpecError}. The request fails with EEXIST if the address has an entry already */
export const addNeighbour = (spec: NeighbourSpec): Request => neighbour('add', RTM_NEWNEIGH, ADD, spec)
export const replaceNeighbour = (spec: NeighbourSpec): Request => neighbour('replace', RTM_NEWNEIGH, REPLACE, spec)
/** @throws {SpecError}. The request fails with ENOENT if there is no entry */
export const removeNeighbour = (spec: Target): Request =>
  neighbour('del', RTM_DELNEIGH, CHANGE, spec)

export interface Neighbour {
  readonly address: string
  readonly mac?: string
  readonly dev: string
  readonly state: NeighbourState
}

/** Without those that nobody has asked for yet, or need not, such as multicast groups: as ip(8) shows them. */
export const listNeighbours: Dump<Neighbour> = dump(
  'neighbour list', RTM_GETNEIGH, NEIGHBOUR, { family: AF_UNSPEC },
  ({ index, state: bits }, { address = '', mac }, nameOf) => {
    const state = stateOf(bits)
    return state === undefined || state === 'noarp' ? undefined : present({ address, mac, dev: nameOf(Number(index)), state })
  },
)

/** How an entry of the forwarding database ages: a permanent one is the bridge's own, a static one stays. */
const FDB_STATES = {
  permanent: STATES.permanent | STATES.noarp, static: STATES.noarp | STATES.reachable, dynamic: STATES.reachable,
}

export interface FdbSpec {
  /** All zeros in a VXLAN: where to send what has no entry. */
  readonly mac: string
  readonly dev: Device
  /** In a VXLAN: the host behind which it is. */
  readonly remote?: string
  readonly port?: number
  readonly vni?: number
  readonly vlan?: number
  /** In which database: that of the device itself, or that of the bridge that it is a port of. */
  readonly in?: 'self' | 'master'
  readonly state?: keyof typeof FDB_STATES
}

const fdb = (verb: string, type: number, flags: number, spec: FdbSpec): Request => {
  const { mac, dev, remote, vlan, port, vni, state = 'permanent' } = spec
  return request(`fdb ${verb} ${mac} dev ${dev}`, type, flags, NEIGHBOUR, {
    family: AF_BRIDGE, index: dev, state: FDB_STATES[state], flags: spec.in === 'master' ? NTF_MASTER : NTF_SELF,
  }, { mac, address: remote, vlan, port, vni })
}

/** @throws {SpecError}. The request fails with EEXIST if the MAC address has an entry already */
export const addFdb = (spec: FdbSpec): Request => fdb('add', RTM_NEWNEIGH, ADD, spec)
/** VXLAN: one more host for the same MAC address. @throws {SpecError} */
export const appendFdb = (spec: FdbSpec): Request => fdb('append', RTM_NEWNEIGH, CHANGE | NLM_F_CREATE | NLM_F_APPEND, spec)
/** @throws {SpecError}. The request fails with ENOENT if there is no entry */
export const removeFdb = (spec: FdbSpec): Request => fdb('del', RTM_DELNEIGH, CHANGE, spec)

export interface FdbEntry {
  readonly mac: string
  readonly dev: string
  readonly remote?: string
  readonly port?: number
  readonly vni?: number
  readonly vlan?: number
  readonly in: 'self' | 'master'
  readonly state: keyof typeof FDB_STATES
}

export const listFdb: Dump<FdbEntry> = dump(
  'fdb list', RTM_GETNEIGH, NEIGHBOUR, { family: AF_BRIDGE },
  ({ index, state = 0, flags = 0 }, { mac = '', address, vlan, port, vni, master }, nameOf) => present({
    mac, dev: nameOf(Number(index)), remote: address, port, vni, vlan,
    in: (flags & NTF_SELF) === 0 && master !== undefined ? 'master' as const : 'self' as const,
    state: state & STATES.permanent ? 'permanent' as const : state & STATES.noarp ? 'static' as const : 'dynamic' as const,
  }),
)
