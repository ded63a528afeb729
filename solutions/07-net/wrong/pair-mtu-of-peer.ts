// exercise: pair
// wrong: gives the MTU to the other end
// score: 7
// says: bytes, got 1500
import { CLONE_NEWNET, close, netlinkSocket, send, type Isolation } from '@pocker/syscalls'

interface Pair {
  /** 1 to 15 bytes. */
  readonly name: string
  readonly peer: string
  /** Of the first end, in bytes. */
  readonly mtu: number
}

const RTM_NEWLINK = 16
const [NLM_F_REQUEST, NLM_F_EXCL, NLM_F_CREATE] = [1, 0x200, 0x400]
const [IFLA_IFNAME, IFLA_MTU, IFLA_LINKINFO] = [3, 4, 18]
const [IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER] = [1, 2, 1]
const IFF_UP = 1

/** The socket is the child's, so it belongs to the namespace in which the child is born. */
export function pair({ name, peer, mtu }: Pair): Isolation {
  const body = Buffer.concat([
    ifinfomsg(IFF_UP),
    attribute(IFLA_IFNAME, text(name)),
    attribute(IFLA_LINKINFO,
      attribute(IFLA_INFO_KIND, Buffer.from('veth')),
      attribute(IFLA_INFO_DATA, attribute(VETH_INFO_PEER,
        ifinfomsg(0), attribute(IFLA_IFNAME, text(peer)), attribute(IFLA_MTU, u32(mtu))))),
  ])
  return {
    name: 'pair',
    flags: CLONE_NEWNET,
    child: [
      { ...netlinkSocket(), as: 'socket' },
      send({ resultOf: 'socket' }, message(body)),
      close({ resultOf: 'socket' }),
    ],
  }
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`)

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** Family, type and index are 0: the kernel chooses. Then the flags, and which of them count. */
const ifinfomsg = (flags: number): Buffer => Buffer.concat([Buffer.alloc(8), u32(flags), u32(flags)])

/** Its length counts the header, and not what fills it up to a multiple of four. */
function attribute(type: number, ...data: Buffer[]): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(4), ...data])
  bytes.writeUInt16LE(bytes.length, 0)
  bytes.writeUInt16LE(type, 2)
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
}

function message(body: Buffer): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt32LE(header.length + body.length, 0)
  header.writeUInt16LE(RTM_NEWLINK, 4)
  header.writeUInt16LE(NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, 6)
  return Buffer.concat([header, body])
}
