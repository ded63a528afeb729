// Links: the devices of a network namespace, and what each kind of them can be told.
//
//   addLink({ kind: 'veth', name: 'veth0', peer: { name: 'eth0', namespace: { pid: 42 } } })
//   addLink({ kind: 'bridge', name: 'br0', up: true }), setLink('veth0', { master: 'br0' }), removeLink('veth0')
//   listLinks   → { index: 4, name: 'br0', kind: 'bridge', up: true, mtu: 1500, … } of each
//
// Invariant: requests are data; a link that has a name needs no look-up, the kernel finds it.
// Numbers: <linux/if_link.h>, <linux/if.h>. @see rtnetlink(7), ip-link(8)
import { SpecError } from '@pocker/syscalls'
import {
  be16, device, flag, ip, mac, name, nested, number, readAttributes, seconds, string, u16, u32, u8, word, writeAttributes,
  type Codec, type Device, type Fields, type Table, type Values,
} from './attributes.ts'
import { NLM_F_REQUEST } from './message.ts'
import { ADD, CHANGE, dump, present, readBody, request, writeBody, type Dump, type Family, type Request } from './request.ts'

const RTM_NEWLINK = 16
const RTM_DELLINK = 17
const RTM_GETLINK = 18
const IFF_UP = 1
/** Counters are many, and nobody here reads them. */
const RTEXT_FILTER_SKIP_STATS = 8

/** IFLA_BR_*: forwardDelay, helloTime, maxAge and ageing in seconds. */
const BRIDGE = {
  forwardDelay: [1, seconds], helloTime: [2, seconds], maxAge: [3, seconds], ageing: [4, seconds], stp: [5, flag(4)],
  vlanFiltering: [7, flag(1)],
} as const satisfies Table

/** IFLA_VXLAN_*; either family has numbers of its own. */
const VXLAN = {
  id: [1, number(4, 0, 2 ** 24 - 1)], remote: [2, ip], dev: [3, device], local: [4, ip], ttl: [5, u8], learning: [7, flag(1)],
  port: [15, be16], remote6: [16, ip], local6: [17, ip],
} as const satisfies Table

/** IFLA_MACVLAN_* */
const MACVLAN = { mode: [1, word(4, { private: 1, vepa: 2, bridge: 4, passthru: 8 })] } as const satisfies Table

/** VETH_INFO_PEER holds a whole link message; the kernel only reads it. */
// region peer
const peer: Codec<VethPeer> = {
  size: 0, read: () => ({ name: '' }), write: (to, end) => writeBody(to, LINK, headerOf(end), attributesOf(end)),
}
// endregion

const KINDS: Readonly<Record<string, Table>> = { bridge: BRIDGE, vxlan: VXLAN, macvlan: MACVLAN, veth: { peer: [1, peer] } }

/** IFLA_BRPORT_*: what a bridge does with one of its ports. */
const PORT = { hairpin: [4, flag(1)], learning: [8, flag(1)], isolated: [33, flag(1)] } as const satisfies Table

interface Info {
  readonly kind?: string | undefined
  readonly options?: object | undefined
  readonly masterKind?: string | undefined
  readonly port?: Values<typeof PORT> | undefined
}

/** IFLA_INFO_*: what the options mean depends on the kind, so there is a table for each, and it is made once. */
const tables = new Map<string, Table>()
function infoTable({ kind = '', masterKind = 'bridge' }: Info): Table {
  const key = `${kind} ${masterKind}`
  const table = tables.get(key) ?? {
    kind: [1, string], options: [2, nested(KINDS[kind] ?? {})], masterKind: [4, string],
    port: [5, nested(masterKind === 'bridge' ? PORT : {})],
  }
  tables.set(key, table)
  return table
}
const info: Codec<Info> = {
  size: 0,
  write: (to, value) => writeAttributes(to, infoTable(value), value as object),
  read: (bytes) => readAttributes(infoTable(readAttributes({ kind: [1, string], masterKind: [4, string] }, bytes)), bytes),
}

// region table
/** IFLA_* */
const ATTRIBUTES = {
  mac: [1, mac], name: [3, name], mtu: [4, number(4, 68, 65536)], link: [5, device], master: [10, device],
  state: [16, word(1, { unknown: 0, notpresent: 1, down: 2, lowerlayerdown: 3, testing: 4, dormant: 5, up: 6 })],
  info: [18, info], pid: [19, u32], fd: [28, u32], mask: [29, u32],
} as const satisfies Table
/** struct ifinfomsg */
const HEADER = { family: u8, pad: u8, hardware: u16, index: device, flags: u32, change: u32 }
const LINK: Family<typeof HEADER, typeof ATTRIBUTES> = { header: HEADER, attributes: ATTRIBUTES }
// endregion

/** Another network namespace: by a descriptor of it, or by one of its processes. */
export type Namespace = { readonly fd: number } | { readonly pid: number }

/** What every link has. `mtu` in bytes, 68 to 65536. */
export interface LinkEnd {
  readonly name: string
  /** Free numbers only; otherwise the kernel counts on. */
  readonly index?: number
  readonly mac?: string
  readonly mtu?: number
  readonly up?: boolean
  /** With `namespace`, an index over there: that is where the kernel looks for it. */
  readonly master?: Device | null
  /** Where the link is made, or goes; `name` need only be free there. */
  readonly namespace?: Namespace
}

/** The other end of a veth. It cannot be up at once, ENOTCONN, and goes to a master later: both with setLink. */
export type VethPeer = Omit<LinkEnd, 'up' | 'master'>

export type BridgeOptions = Values<typeof BRIDGE>
/** `remote` is a host or a multicast group, `port` the UDP port: 4789 is IANA's, and not the kernel's own default. */
export type VxlanOptions = Omit<Values<typeof VXLAN>, 'remote6' | 'local6' | 'id'> & { readonly id: number }
export type MacvlanOptions = { readonly dev: Device } & Values<typeof MACVLAN>

export type LinkSpec = LinkEnd & (
  | { readonly kind: 'dummy' }
  | { readonly kind: 'veth'; readonly peer: VethPeer }
  | ({ readonly kind: 'bridge' } & BridgeOptions)
  | ({ readonly kind: 'vxlan' } & VxlanOptions)
  | ({ readonly kind: 'macvlan' } & MacvlanOptions)
)

/** @throws {SpecError}. The request fails with EEXIST if the name is in use, EOPNOTSUPP if the kernel lacks the kind */
// region add
export function addLink(spec: LinkSpec): Request {
  const { kind } = spec
  const options = kind === 'vxlan' ? byFamily(spec) : spec
  const lower = kind === 'macvlan' ? { link: spec.dev } : {}
  const details = { kind, ...(KINDS[kind] && { options }) }
  const attributes = { ...lower, ...attributesOf(spec), info: details }
  return request(`link add ${spec.name}`, RTM_NEWLINK, ADD, LINK, headerOf(spec), attributes)
}
// endregion

/**
 * What can be changed of a link that is there; `hairpin`, `learning` and `isolated` only if it is a port of a bridge already:
 * EOPNOTSUPP otherwise, beside the `master` that makes it one, too.
 */
export type LinkChange = Partial<Omit<LinkEnd, 'index'>> & Values<typeof PORT>

/** @throws {SpecError}. The request fails with ENODEV if there is no such link */
export function setLink(dev: Device, change: LinkChange): Request {
  const { hairpin, learning, isolated } = change
  const port = { hairpin, learning, isolated }
  const isPort = Object.values(port).some((value) => value !== undefined)
  // Two names would be a contradiction: so one that gets a new name is looked up by its old one first.
  const found = change.name === undefined ? target(dev) : { header: { index: dev }, attributes: {} }
  return request(`link set ${dev}`, RTM_NEWLINK, CHANGE, LINK, { ...found.header, ...flagsOf(change) },
    { ...attributesOf(change), ...found.attributes, ...(isPort && { info: { port } }) })
}

/** One end of a veth takes the other with it. */
export function removeLink(dev: Device): Request {
  const { header, attributes } = target(dev)
  return request(`link del ${dev}`, RTM_DELLINK, CHANGE, LINK, header, attributes)
}

/** One link; its answer is a single message that readLink reads. */
export function getLink(dev: Device): Request {
  const { header, attributes } = target(dev)
  return request(`link show ${dev}`, RTM_GETLINK, NLM_F_REQUEST, LINK, header, { mask: RTEXT_FILTER_SKIP_STATS, ...attributes })
}

/** Whether a name may mean another link afterwards. */
export const isLinkRequest = ({ type }: Request): boolean => type === RTM_NEWLINK || type === RTM_DELLINK

const target = (dev: Device): { header: Fields<typeof HEADER>; attributes: Values<typeof ATTRIBUTES> } =>
  (typeof dev === 'number' ? { header: { index: dev }, attributes: {} } : { header: {}, attributes: { name: dev } })

const flagsOf = ({ up }: { readonly up?: boolean | undefined }): Fields<typeof HEADER> =>
  (up === undefined ? {} : { flags: up ? IFF_UP : 0, change: IFF_UP })
const headerOf = (end: LinkEnd): Fields<typeof HEADER> => ({ index: end.index, ...flagsOf(end) })

function attributesOf({ mtu, mac, master, namespace, name }: Partial<LinkEnd>): Values<typeof ATTRIBUTES> {
  if (namespace && typeof master === 'string') {
    throw new SpecError(`master: expected its index in the other namespace, got ${JSON.stringify(master)}`)
  }
  return { mtu, mac, master: master === null ? 0 : master, ...namespace, name }
}

function byFamily({ dev, id, local, remote, ...rest }: VxlanOptions): Values<typeof VXLAN> {
  const six = (address: string | undefined): boolean => address?.includes(':') ?? false
  return { dev, id, ...(six(local) ? { local6: local } : { local }), ...(six(remote) ? { remote6: remote } : { remote }), ...rest }
}

/** What the kernel says of a link. `mtu` in bytes; `link` is the index of its other end, where that is, or of what is below it. */
export interface Link {
  readonly index: number
  readonly name: string
  readonly kind?: string
  readonly up: boolean
  /** RFC 2863: `up` if it can carry frames. */
  readonly state: string
  readonly mac?: string
  readonly mtu: number
  readonly master?: number
  readonly link?: number
  /** Those of its kind, by the same names as in LinkSpec. */
  readonly options?: Readonly<Record<string, unknown>>
  readonly port?: Values<typeof PORT>
}

export const readLink = (body: Buffer): Link => toLink(...readBody(LINK, body))
export const listLinks: Dump<Link> = dump('link list', RTM_GETLINK, LINK, {}, toLink)

function toLink({ index, flags }: Fields<typeof HEADER>, attributes: Values<typeof ATTRIBUTES>): Link {
  const { name = '', mtu = 0, mac, master, link, state, info } = attributes
  const { remote6, local6, ...options } = (info?.options ?? {}) as Record<string, unknown>
  return present({
    index: Number(index), name, kind: info?.kind, up: ((flags ?? 0) & IFF_UP) !== 0, state: String(state ?? 'unknown'), mac, mtu,
    master: master === undefined ? undefined : Number(master), link: link === undefined ? undefined : Number(link),
    options: info?.options && present({ ...options, remote: options['remote'] ?? remote6, local: options['local'] ?? local6 }),
    port: info?.masterKind === 'bridge' ? info.port : undefined,
  }) as Link
}
