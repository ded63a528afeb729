// The client: a netlink socket of one network namespace, and requests that go through it.
//
//   const net = Netlink.open('/run/pocker/netns/box')   this process's own namespace, if no file is named
//   net.batch([addLink({ kind: 'bridge', name: 'br0' }), addAddress({ address: '10.0.0.1/24', dev: 'br0' })])
//   net.list(listLinks)   → [{ index: 1, name: 'lo', … }, { index: 2, name: 'br0', … }]
//   net.close()
//
// Invariant: synchronous, and it never waits: the kernel has done a request before sendto(2) returns, so its answer is
// there already. The socket belongs to its namespace for good; this process never leaves its own. It is connected to the
// kernel: whoever has CAP_NET_ADMIN in a namespace, as a container may have, could send it made-up answers otherwise.
import {
  AF_NETLINK, because, callAll, close, errnoNumber, mayFail, receive, send, setSocketOption, SyscallError, type Syscall,
} from '@pocker/syscalls'
import { socketIn } from '../netns.ts'
import type { Device } from './attributes.ts'
import { NetlinkError } from './error.ts'
import { getLink, isLinkRequest, listLinks, readLink, type Link } from './link.ts'
import {
  decodeAck, decodeMessages, encodeMessage, NLM_F_DUMP_INTR, NLM_F_MULTI, NLMSG_DONE, NLMSG_ERROR, type Ack, type Message,
} from './message.ts'
import type { Dump, Request } from './request.ts'

// <sys/socket.h>, <linux/netlink.h>
const MSG_TRUNC = 0x20
const MSG_DONTWAIT = 0x40
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SOL_NETLINK = 270
const NETLINK_CAP_ACK = 10
const NETLINK_EXT_ACK = 11
/** For lists of tens of thousands; the kernel takes what net.core.rmem_max allows of it. */
const RECEIVE_BUFFER = 1024 * 1024
const OPTIONS = [
  [SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER], [SOL_NETLINK, NETLINK_CAP_ACK, 1], [SOL_NETLINK, NETLINK_EXT_ACK, 1],
] as const
/** struct sockaddr_nl: the family, padding, and the port and the groups of the kernel, which are 0. */
const KERNEL = Buffer.alloc(12)
KERNEL.writeUInt16LE(AF_NETLINK)

/** So many requests go in one datagram: their answers, about 1 KiB of the kernel's memory each, fit any receive buffer. */
const IN_ONE_GO = 64
/** An answer: 36 bytes, and one sentence. */
const ANSWER_SIZE = 512
/** The kernel fills no more than 32 KiB with one part of a list. */
const PART_SIZE = 32 * 1024
/** A list that changed meanwhile, that another one stands in the way of, or of which parts were lost, is asked for again. */
const AGAIN = new Set(['EINTR', 'EBUSY', 'ENOBUFS'])
const TRIES = 64
/** From the second time on it is read in so large steps, with no JavaScript in between: there is less time for it to change. */
const PARTS = 16

const errno = (name: string): number => errnoNumber(name) ?? 0
interface Numbered { readonly seq: number; readonly request: Request; readonly bytes: Buffer }

export class Netlink {
  #fd: number
  #seq = 0

  /** @param fd a netlink socket, which is closed with the client */
  constructor(fd: number) {
    this.#fd = fd
  }

  /**
   * @param namespace a pin, or /proc/PID/ns/net; this process's own if nothing is said
   * @throws {SyscallError} if there is no such file. @throws {SpecError} if it is no network namespace
   */
  static open(namespace?: string): Netlink {
    const net = new Netlink(socketIn(namespace))
    callAll([
      because('nobody else is heard', { call: 'connect', args: [net.#fd, { hex: KERNEL.toString('hex') }, KERNEL.length] }),
      ...OPTIONS.map(([level, option, value]) => setSocketOption(net.#fd, level, option, value)),
    ])
    return net
  }

  close(): void {
    if (this.#fd >= 0) callAll([close(this.#fd)])
    this.#fd = -1
  }

  /** @throws {NetlinkError} */
  request(request: Request): void {
    this.batch([request])
  }

  /**
   * Makes requests in order. Up to 64 go in one datagram, and the kernel tries each of those, whatever became of the one
   * before; so behind the request that failed, some may have been done.
   * @throws {NetlinkError} of the first that failed; datagrams behind it were not sent
   */
  batch(requests: readonly Request[]): void {
    const indexes = new Map<string, number>()
    let waiting: Numbered[] = []
    const flush = (): void => {
      const sent = waiting
      waiting = []
      this.#send(sent)
    }
    const indexOf = (device: string, what: string): number => {
      const known = indexes.get(device)
      if (known !== undefined) return known
      flush() // it may be one of those that make it
      const { index } = this.#find(device, what)
      indexes.set(device, index)
      return index
    }
    for (const request of requests) {
      const filled = fill(request, indexOf)
      if (isLinkRequest(request)) indexes.clear()
      waiting.push(this.#number(filled))
      if (waiting.length === IN_ONE_GO) flush()
    }
    flush()
  }

  /** @throws {NetlinkError} */
  list<T>(dump: Dump<T>): T[] {
    const messages = this.#dump(dump)
    let names: Map<number, string> | undefined
    const nameOf = (index: number): string => {
      names ??= new Map(this.list(listLinks).map((link) => [link.index, link.name]))
      return names.get(index) ?? `if${index}`
    }
    return messages.map(({ body }) => dump.read(body, nameOf)).filter((entry) => entry !== undefined)
  }

  /** @throws {NetlinkError} ENODEV if there is none */
  link(device: Device): Link {
    return this.#find(device)
  }

  #find(device: Device, what?: string): Link {
    const request = getLink(device)
    const [message] = this.#ask(what === undefined ? request : { ...request, what })
    if (!message) throw new NetlinkError(request.what, { errno: errno('ENODEV') })
    return readLink(message.body)
  }

  #number(request: Request): Numbered {
    this.#seq = (this.#seq + 1) >>> 0
    return { seq: this.#seq, request, bytes: encodeMessage({ ...request, seq: this.#seq }) }
  }

  // region send
  #send(sent: readonly Numbered[]): void {
    const [first] = sent
    if (!first) return
    const answers = new Map<number, Ack>()
    const datagram = Buffer.concat(sent.map(({ bytes }) => bytes))
    let received = this.#exchange(first.request.what, sent.length, ANSWER_SIZE, send(this.#fd, datagram))
    while (received.length > 0) {
      for (const message of received) if (message.type === NLMSG_ERROR) answers.set(message.seq, decodeAck(message))
      received = sent.every(({ seq }) => answers.has(seq)) ? [] : this.#exchange(first.request.what, sent.length, ANSWER_SIZE)
    }
    for (const { seq, request } of sent) {
      const ack = answers.get(seq) ?? { errno: errno('ENOBUFS'), reason: 'the answer was lost' }
      if (ack.errno !== 0) throw new NetlinkError(request.what, ack)
    }
  }
  // endregion

  #dump(request: Request): Message[] {
    for (let tries = 1; ; tries++) {
      try {
        return this.#ask(request, tries === 1 ? 1 : PARTS)
      } catch (error) {
        if (!(error instanceof NetlinkError && AGAIN.has(error.code) && tries < TRIES)) throw error
        while (this.#exchange(request.what, 1, PART_SIZE).length > 0) { /* what is left of it */ }
      }
    }
  }

  /** @returns the messages of an answer in one part or in several */
  #ask(request: Request, parts = 1): Message[] {
    const { seq, bytes } = this.#number(request)
    const messages: Message[] = []
    let received = this.#exchange(request.what, parts, PART_SIZE, send(this.#fd, bytes))
    while (received.length > 0) {
      for (const message of received.filter((message) => message.seq === seq)) {
        const ends = message.type === NLMSG_DONE || message.type === NLMSG_ERROR
        const ack: Ack = ends ? decodeAck(message) : { errno: 0 }
        if (ack.errno !== 0) throw new NetlinkError(request.what, ack)
        if (message.flags & NLM_F_DUMP_INTR) throw new NetlinkError(request.what, CHANGED)
        if (!ends) messages.push(message)
        if (ends || (message.flags & NLM_F_MULTI) === 0) return messages
      }
      received = this.#exchange(request.what, parts, PART_SIZE)
    }
    throw new NetlinkError(request.what, { errno: errno('ENOBUFS'), reason: 'the answer was lost' })
  }

  /** Sends, if there is something to send, and receives up to so many datagrams, in one list. */
  #exchange(what: string, datagrams: number, size: number, ...first: readonly Syscall[]): Message[] {
    const one = mayFail(receive(this.#fd, size, MSG_DONTWAIT | MSG_TRUNC), 'EAGAIN', 'ENOBUFS')
    try {
      return callAll([...first, ...Array<Syscall>(datagrams).fill(one)]).slice(first.length).flatMap(({ value = 0n, outs }) => {
        if (value > size) throw new NetlinkError(what, { errno: errno('EMSGSIZE'), reason: `an answer of ${value} bytes` })
        return value < 0n ? [] : decodeMessages(outs[0]?.subarray(0, Number(value)) ?? Buffer.alloc(0))
      })
    } catch (error) {
      if (error instanceof NetlinkError || !(error instanceof SyscallError)) throw error
      throw new NetlinkError(what, error, { cause: error })
    }
  }
}

const CHANGED: Ack = { errno: errno('EINTR'), reason: 'the list changed while it was read' }

/** Puts the indexes of devices that were given by name where they belong. */
function fill(request: Request, indexOf: (device: string, what: string) => number): Request {
  if (request.blanks.length === 0) return request
  const body = Buffer.from(request.body)
  for (const { at, device } of request.blanks) body.writeUInt32LE(indexOf(device, request.what), at)
  return { ...request, body }
}
