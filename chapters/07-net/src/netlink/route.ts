// Routes: where a packet goes next.
//
//   addRoute({ to: 'default', via: '10.0.0.1' }), addRoute({ to: '10.9.0.0/16', type: 'blackhole' })
//   replaceRoute({ … }), removeRoute({ to: 'default' }), listRoutes()
//
// Invariant: requests are data. Numbers: <linux/rtnetlink.h>. @see rtnetlink(7), ip-route(8)
import { device, ip, u32, u8, word, type Device, type Table } from './attributes.ts'
import { ADD, CHANGE, dump, present, REPLACE, request, type Dump, type Family, type Request } from './request.ts'
import { AF_INET6, AF_UNSPEC, checkFamily, familyOf, formatIp, parseIp, parsePrefix, type Prefix } from './text.ts'

const RTM_NEWROUTE = 24
const RTM_DELROUTE = 25
const RTM_GETROUTE = 26
const RTPROT_BOOT = 3
/** A route that the kernel remembers, not one that somebody made. */
const RTM_F_CLONED = 0x200
/** The table that every packet is looked up in; more than 255 go into an attribute. */
export const MAIN_TABLE = 254

/** How far the destination is. A number where there is no word. */
export const scope = word(1, { global: 0, site: 200, link: 253, host: 254, nowhere: 255 })
export type Scope = ReturnType<typeof scope.read>
const type = word(1, {
  any: 0, unicast: 1, local: 2, broadcast: 3, anycast: 4, multicast: 5, blackhole: 6, unreachable: 7, prohibit: 8, throw: 9,
})
export type RouteType = ReturnType<typeof type.read>

/** RTA_* */
const ATTRIBUTES = {
  to: [1, ip], dev: [4, device], via: [5, ip], metric: [6, u32], source: [7, ip], table: [15, u32],
} as const satisfies Table
/** struct rtmsg */
const HEADER = { family: u8, length: u8, sourceLength: u8, tos: u8, table: u8, protocol: u8, scope, type, flags: u32 }
const ROUTE: Family<typeof HEADER, typeof ATTRIBUTES> = { header: HEADER, attributes: ATTRIBUTES }

export interface RouteSpec {
  /** A network, a single address, or `default`: of the family that `via` or `source` is of, IPv4 if there are none. */
  readonly to: string
  readonly via?: string
  readonly dev?: Device
  /** The address of its own that this host uses: what ip(8) calls `src`. */
  readonly source?: string
  /** The smallest wins. */
  readonly metric?: number
  readonly scope?: Scope
  readonly table?: number
  readonly type?: RouteType
}

function destination({ to, via, source }: RouteSpec): Prefix {
  if (to !== 'default') return parsePrefix('to', to)
  const family = familyOf(parseIp('via', via ?? source ?? '0.0.0.0'))
  return { family, bytes: Buffer.alloc(family === AF_INET6 ? 16 : 4), length: 0 }
}

const route = (verb: string, kind: number, flags: number, spec: RouteSpec): Request => {
  const { family, bytes, length } = destination(spec)
  const { via, source, metric, dev, table = MAIN_TABLE } = spec
  checkFamily('via', family, via)
  checkFamily('source', family, source)
  const words = [via && `via ${via}`, dev !== undefined && `dev ${dev}`].filter(Boolean)
  return request([`route ${verb} ${spec.to}`, ...words].join(' '), kind, flags, ROUTE, {
    family, length, table: table > 0xff ? 0 : table, ...(kind === RTM_DELROUTE ? anyOf(spec) : made(spec, family)),
  }, {
    to: length > 0 ? formatIp(bytes) : undefined, via, source, metric, table: table > 0xff ? table : undefined, dev,
  })
}

/** What is removed need only be named as far as it is to be told from others. */
const anyOf = ({ scope = 'nowhere', type = 'any' }: RouteSpec): { scope: Scope; type: RouteType } => ({ scope, type })

/** The kernel refuses a wider scope for some of them. */
const NEAR: Partial<Record<RouteType, Scope>> = { local: 'host', broadcast: 'link', anycast: 'link', multicast: 'link' }

function made({ type = 'unicast', scope, via }: RouteSpec, family: number): { protocol: number; scope: Scope; type: RouteType } {
  const near = NEAR[type] ?? (type === 'unicast' && !via && family !== AF_INET6 ? 'link' : 'global')
  return { protocol: RTPROT_BOOT, scope: scope ?? near, type }
}

/** @throws {SpecError}. The request fails with EEXIST if there is one, ENETUNREACH if nothing leads to the gateway */
export const addRoute = (spec: RouteSpec): Request => route('add', RTM_NEWROUTE, ADD, spec)
export const replaceRoute = (spec: RouteSpec): Request => route('replace', RTM_NEWROUTE, REPLACE, spec)
/** @throws {SpecError}. The request fails with ESRCH if there is none */
export const removeRoute = (spec: RouteSpec): Request => route('del', RTM_DELROUTE, CHANGE, spec)

/** `via` and `dev` are missing where there are several next hops, `via` also where the gateway is of the other family. */
export interface Route {
  readonly family: 4 | 6
  readonly to: string
  readonly via?: string
  readonly dev?: string
  readonly source?: string
  readonly metric?: number
  readonly scope: Scope
  readonly table: number
  readonly type: RouteType
}

/** @param table MAIN_TABLE if nothing is said; the table 255 is the kernel's own */
export const listRoutes = (table = MAIN_TABLE): Dump<Route> => dump(
  'route list', RTM_GETROUTE, ROUTE, { family: AF_UNSPEC },
  (header, { to, via, dev, metric, source, table: big }, nameOf) => {
    if ((big ?? header.table) !== table || ((header.flags ?? 0) & RTM_F_CLONED) !== 0) return undefined
    return present({
      family: header.family === AF_INET6 ? 6 as const : 4 as const, to: to === undefined ? 'default' : `${to}/${header.length}`,
      via, dev: dev === undefined ? undefined : nameOf(Number(dev)), source, metric,
      scope: header.scope ?? 'global', table, type: header.type ?? 'unicast',
    })
  },
)
