// Which network devices a process has, and their addresses, as the kernel tells it.
//
//   linksOf(pid, sandboxPid)   → [{ index: 1, name: 'lo', kind: '', up: false, mtu: 65536, other: 0, addresses: [] }]
//
// Invariant: asked through a socket of its network namespace, by a visitor; nothing in it changes.
// Numbers: <linux/netlink.h>, <linux/if_link.h>, <linux/if_addr.h>. @see netlink(7), rtnetlink(7)
import {
  CLONE_NEWNET, CLONE_NEWUSER, mayFail, netlinkSocket, receive, send, unshare, visit, type Result, type Syscall,
} from '@pocker/syscalls'
import { Failure } from './verdict.ts'

export interface Link {
  readonly index: number
  readonly name: string
  /** `veth`; empty for lo. */
  readonly kind: string
  readonly up: boolean
  /** Bytes. */
  readonly mtu: number
  /** The index of the other end of a veth. */
  readonly other: number
  /** Of version 4, as ip(8) writes them: `10.1.2.3/24`, or `10.1.2.3 peer 10.1.2.4/24`. */
  readonly addresses: readonly string[]
}

const [NLMSG_DONE, RTM_NEWLINK, RTM_GETLINK, RTM_NEWADDR, RTM_GETADDR] = [3, 16, 18, 20, 22]
const [NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP, NLM_F_CREATE] = [1, 4, 0x300, 0x400]
const [IFLA_IFNAME, IFLA_MTU, IFLA_LINK, IFLA_LINKINFO, IFLA_EXT_MASK, IFLA_INFO_KIND] = [3, 4, 5, 18, 29, 1]
const RTEXT_FILTER_SKIP_STATS = 8
const [IFA_ADDRESS, IFA_LOCAL, AF_INET] = [1, 2, 2]
const IFF_UP = 1
const EOPNOTSUPP = 95
/** struct nlmsghdr, struct ifinfomsg, struct ifaddrmsg, struct rtattr. */
const [HEADER, LINK, ADDRESS, ATTRIBUTE] = [16, 16, 8, 4]
const MSG_DONTWAIT = 0x40
/** The kernel fills no more than 32 KiB at once; no container of the course has more devices than fit into these. */
const [PART, PARTS] = [32 * 1024, 8]

/** @throws {Failure} if there are too many */
export function linksOf(pid: number, sandboxPid: number): Link[] {
  const links = message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, attribute(IFLA_EXT_MASK, u32(RTEXT_FILTER_SKIP_STATS)))
  const addresses = message(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, Buffer.alloc(0), Buffer.from([AF_INET, 0, 0, 0, 0, 0, 0, 0]))
  const parts = Array.from({ length: PARTS }, () => mayFail(receive({ resultOf: 'socket' }, PART, MSG_DONTWAIT)))
  const steps = [...asking(links), ...parts, send({ resultOf: 'socket' }, addresses), ...parts]
  const messages = at(pid, sandboxPid, steps).flatMap(messagesOf)
  const ends = messages.filter(({ type }) => type === NLMSG_DONE).length
  if (ends < 2) throw new Failure('the container has too many network devices to look at')
  const own = messages.filter(({ type }) => type === RTM_NEWADDR).map(({ body }) => addressOf(body))
  return messages.filter(({ type }) => type === RTM_NEWLINK).map(({ body }) => linkOf(body))
    .map((link) => ({ ...link, addresses: own.filter(({ index }) => index === link.index).map(({ address }) => address) }))
}

/** Whether this kernel has pairs of devices: tries to make one, in a network namespace that nobody else sees. */
export function knowsVeth(sandboxPid: number): boolean {
  const pair = message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE,
    attribute(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, Buffer.from('veth'))))
  const steps = [unshare(CLONE_NEWNET), ...asking(pair), receive({ resultOf: 'socket' }, PART, MSG_DONTWAIT)]
  const [answer] = at(sandboxPid, sandboxPid, steps).flatMap(messagesOf)
  return answer?.body.readInt32LE(0) !== -EOPNOTSUPP
}

const asking = (question: Buffer): Syscall[] =>
  [{ ...netlinkSocket(), as: 'socket' }, send({ resultOf: 'socket' }, question)]

const at = (pid: number, sandboxPid: number, list: readonly Syscall[]): Result[] =>
  visit([[`/proc/${sandboxPid}/ns/user`, CLONE_NEWUSER], [`/proc/${pid}/ns/net`, CLONE_NEWNET]], list)

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** @param data of a length that needs no padding */
function attribute(type: number, data: Buffer): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(ATTRIBUTE), data])
  bytes.writeUInt16LE(bytes.length, 0)
  bytes.writeUInt16LE(type, 2)
  return bytes
}

function message(type: number, flags: number, attributes: Buffer, front = Buffer.alloc(LINK)): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(HEADER), front, attributes])
  bytes.writeUInt32LE(bytes.length, 0)
  bytes.writeUInt16LE(type, 4)
  bytes.writeUInt16LE(flags, 6)
  return bytes
}

/** @returns the messages that one call received */
function messagesOf({ value = 0n, outs }: Result): { type: number; body: Buffer }[] {
  const bytes = outs[0]?.subarray(0, Math.max(0, Number(value))) ?? Buffer.alloc(0)
  return pieces(bytes, HEADER).map((piece) => ({ type: piece.readUInt16LE(4), body: piece.subarray(HEADER) }))
}

/** What begins with its length: messages and attributes. Each begins at a multiple of 4. */
function pieces(bytes: Buffer, header: number): Buffer[] {
  if (bytes.length < header) return []
  const length = Math.max(header, header === HEADER ? bytes.readUInt32LE(0) : bytes.readUInt16LE(0))
  return [bytes.subarray(0, length), ...pieces(bytes.subarray((length + 3) & ~3), header)]
}

function linkOf(body: Buffer): Omit<Link, 'addresses'> {
  const own = attributesOf(body.subarray(LINK))
  const kind = attributesOf(own.get(IFLA_LINKINFO) ?? Buffer.alloc(0)).get(IFLA_INFO_KIND)
  return {
    index: body.readInt32LE(4), name: text(own.get(IFLA_IFNAME)), kind: text(kind), up: (body.readUInt32LE(8) & IFF_UP) !== 0,
    mtu: own.get(IFLA_MTU)?.readUInt32LE(0) ?? 0, other: own.get(IFLA_LINK)?.readUInt32LE(0) ?? 0,
  }
}

function addressOf(body: Buffer): { index: number; address: string } {
  const own = attributesOf(body.subarray(ADDRESS))
  const [local, peer] = [IFA_LOCAL, IFA_ADDRESS].map((type) => [...own.get(type) ?? []].join('.'))
  return { index: body.readUInt32LE(4), address: `${local}${peer === local ? '' : ` peer ${peer}`}/${body[1]}` }
}

const attributesOf = (bytes: Buffer): Map<number, Buffer> =>
  new Map(pieces(bytes, ATTRIBUTE).map((piece) => [piece.readUInt16LE(2) & 0x3fff, piece.subarray(ATTRIBUTE)]))

const text = (bytes: Buffer = Buffer.alloc(0)): string => bytes.toString('utf8').replace(/\0.*$/s, '')
