// exercise: addressed
// wrong: takes IFA_ADDRESS for the address of the network
// score: 2
// says:  peer 
import {
  CLONE_NEWNET, close, deviceSocket, IFF_UP, netlinkSocket, send, setInterfaceFlags, SpecError, type Isolation,
} from '@pocker/syscalls'

const RTM_NEWADDR = 20
const [NLM_F_REQUEST, NLM_F_EXCL, NLM_F_CREATE] = [1, 0x200, 0x400]
const [IFA_ADDRESS, IFA_LOCAL] = [1, 2]
const AF_INET = 2
/** In every network namespace. */
const LO = 1

/** @throws {SpecError} if it is no address */
export function addressed(address: string, prefix: number): Isolation {
  const [bytes, device, netlink] = [bytesOf(address), { resultOf: 'device' }, { resultOf: 'netlink' }]
  const network = Buffer.from(bytes.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, prefix - 8 * i)))))
  const body = Buffer.concat([ifaddrmsg(prefix), attribute(IFA_LOCAL, bytes), attribute(IFA_ADDRESS, network)])
  return {
    name: 'addressed',
    flags: CLONE_NEWNET,
    child: [
      { ...deviceSocket(), as: device.resultOf }, setInterfaceFlags(device, 'lo', IFF_UP), close(device),
      { ...netlinkSocket(), as: netlink.resultOf }, send(netlink, message(body)), close(netlink),
    ],
  }
}

function bytesOf(address: string): Buffer {
  const parts = address.split('.')
  if (parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return Buffer.from(parts.map(Number))
  throw new SpecError(`address: expected four numbers from 0 to 255, got ${address}`)
}

/** Family, prefix, flags, scope, and the index of the device. */
function ifaddrmsg(prefix: number): Buffer {
  const bytes = Buffer.from([AF_INET, prefix, 0, 0, 0, 0, 0, 0])
  bytes.writeUInt32LE(LO, 4)
  return bytes
}

/** @param data of a length that needs no padding */
function attribute(type: number, data: Buffer): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(4), data])
  bytes.writeUInt16LE(bytes.length, 0)
  bytes.writeUInt16LE(type, 2)
  return bytes
}

function message(body: Buffer): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt32LE(header.length + body.length, 0)
  header.writeUInt16LE(RTM_NEWADDR, 4)
  header.writeUInt16LE(NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, 6)
  return Buffer.concat([header, body])
}
