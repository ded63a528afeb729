// Netlink messages: what a datagram between this process and the kernel's routing tables consists of.
//
//   encodeMessage({ type: RTM_GETLINK, flags: NLM_F_REQUEST, seq: 1, body })   → bytes
//   decodeMessages(datagram)                                                   → [{ type, flags, seq, body }]
//   writer.attribute(3, () => writer.add(…))                                   → and decodeAttributes(bytes)
//   decodeAck(message)                                                         → { errno, reason }
//
// Invariant: pure, and never a byte is read that is not there. Each length is checked against the rest of the datagram
// before it is used, and each step forward is at least one header long: what lies ends in a MessageError, not in a loop.
// Numbers are in the machine's order, little-endian on both x86-64 and arm64. @see netlink(7), <linux/netlink.h>

export const NLM_F_REQUEST = 1
export const NLM_F_MULTI = 2
export const NLM_F_ACK = 4
export const NLM_F_DUMP_INTR = 0x10
export const NLM_F_DUMP = 0x300
export const NLM_F_REPLACE = 0x100
export const NLM_F_EXCL = 0x200
export const NLM_F_CREATE = 0x400
export const NLM_F_APPEND = 0x800
const NLM_F_CAPPED = 0x100
const NLM_F_ACK_TLVS = 0x200

export const NLMSG_ERROR = 2
export const NLMSG_DONE = 3

/** struct nlmsghdr: length u32, type u16, flags u16, sequence number u32, port u32. */
const HEADER = 16
/** struct rtattr: length u16, type u16. */
const ATTRIBUTE = 4
/** Type bits that are no number: NLA_F_NESTED, NLA_F_NET_BYTEORDER. */
const NLA_TYPE_MASK = 0x3fff

/** The kernel, or whoever else wrote a datagram, does not keep to the format. */
export class MessageError extends Error {
  override readonly name: string = 'MessageError'
  readonly code: string = 'EBADMSG'
}

export interface Message {
  readonly type: number
  /** NLM_F_* */
  readonly flags: number
  /** The answer carries the number of its request. */
  readonly seq: number
  readonly body: Buffer
}

/** The body without its header; nested attributes are such a list again. */
export interface Attribute { readonly type: number; readonly data: Buffer }

/** Messages and attributes begin at multiples of 4. */
const padded = (length: number): number => (length + 3) & ~3

// region encode
export function encodeMessage({ type, flags, seq, body }: Message): Buffer {
  const message = Buffer.alloc(padded(HEADER + body.length))
  message.writeUInt32LE(HEADER + body.length, 0)
  message.writeUInt16LE(type, 4)
  message.writeUInt16LE(flags, 6)
  message.writeUInt32LE(seq, 8)
  body.copy(message, HEADER)
  return message
}
// endregion

/** @returns all messages of one datagram. @throws {MessageError} */
export function decodeMessages(datagram: Buffer): Message[] {
  const messages: Message[] = []
  for (let at = 0; at < datagram.length;) {
    const length = lengthAt(datagram, at, HEADER, 'message')
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      seq: datagram.readUInt32LE(at + 8),
      body: datagram.subarray(at + HEADER, at + length),
    })
    at += padded(length)
  }
  return messages
}

/** Where in the bytes the index of which device belongs: a u32. */
export interface Blank { readonly at: number; readonly device: string }

/** Bytes that grow: the encoding side of attributes, nested as deep as they may be. What is not written is 0. */
export class Writer {
  readonly blanks: Blank[] = []
  #bytes = Buffer.alloc(256)
  length = 0

  /** Goes on by so many bytes. @returns where they begin */
  #room(size: number): number {
    const at = this.length
    this.length += size
    while (this.length > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#bytes.length)])
    return at
  }

  add(bytes: Buffer): void {
    const at = this.#room(bytes.length)
    bytes.copy(this.#bytes, at)
  }

  /** @param size 1, 2 or 4 bytes */
  number(value: number, size: number): void {
    const at = this.#room(size)
    this.#bytes.writeUIntLE(value, at, size)
  }

  /** Writes what `body` writes, with the header of an attribute before it and padding behind it. */
  // region attribute
  attribute(type: number, body: () => void): void {
    const at = this.#room(ATTRIBUTE)
    body()
    this.#bytes.writeUInt16LE(this.length - at, at)
    this.#bytes.writeUInt16LE(type, at + 2)
    this.#room(padded(this.length) - this.length)
  }
  // endregion

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }
}

/** @throws {MessageError} */
export function decodeAttributes(bytes: Buffer): Attribute[] {
  const attributes: Attribute[] = []
  for (let at = 0; at < bytes.length;) {
    const length = lengthAt(bytes, at, ATTRIBUTE, 'attribute')
    attributes.push({ type: bytes.readUInt16LE(at + 2) & NLA_TYPE_MASK, data: bytes.subarray(at + ATTRIBUTE, at + length) })
    at += padded(length)
  }
  return attributes
}

/** @returns the length that a header claims: no less than the header, no more than there is */
function lengthAt(bytes: Buffer, at: number, header: number, what: string): number {
  const rest = bytes.length - at
  if (rest < header) throw new MessageError(`netlink ${what}: expected a header of ${header} bytes, got ${rest}`)
  const length = header === HEADER ? bytes.readUInt32LE(at) : bytes.readUInt16LE(at)
  if (length >= header && length <= rest) return length
  throw new MessageError(`netlink ${what}: expected a length of ${header} to ${rest} bytes, got ${length}`)
}

/** What became of a request. */
export interface Ack {
  /** 0 if it was done. */
  readonly errno: number
  /** The kernel's own words, if it has some: NLMSGERR_ATTR_MSG. */
  readonly reason?: string
  /** Which byte of the request it does not like, counted from its header: NLMSGERR_ATTR_OFFS. */
  readonly offset?: number
}

const NLMSGERR_ATTR_MSG = 1
const NLMSGERR_ATTR_OFFS = 2

/**
 * Reads an NLMSG_ERROR, or an NLMSG_DONE, which ends a dump and may carry an error, too. Behind the error number an
 * NLMSG_ERROR repeats the request, only its header if the message is capped; then come the attributes of extended ACK.
 * @throws {MessageError}
 */
export function decodeAck({ type, flags, body }: Message): Ack {
  if (body.length < 4) {
    if (type === NLMSG_DONE) return { errno: 0 }
    throw new MessageError(`netlink answer: expected an error number of 4 bytes, got ${body.length}`)
  }
  const errno = -body.readInt32LE(0)
  if (errno < 0) throw new MessageError(`netlink answer: expected 0 or a negative error number, got ${-errno}`)
  if ((flags & NLM_F_ACK_TLVS) === 0) return { errno }
  const attributes = decodeAttributes(body.subarray(4 + (type === NLMSG_ERROR ? repeated(body.subarray(4), flags) : 0)))
  const find = (wanted: number): Buffer | undefined => attributes.find(({ type }) => type === wanted)?.data
  const [reason, offset] = [find(NLMSGERR_ATTR_MSG), find(NLMSGERR_ATTR_OFFS)]
  return {
    errno,
    ...(reason && { reason: text(reason) }),
    ...(offset && offset.length >= 4 && { offset: offset.readUInt32LE() }),
  }
}

/** @returns the bytes that the repeated request takes */
const repeated = (request: Buffer, flags: number): number => {
  if (request.length < HEADER) throw new MessageError(`netlink answer: expected a header of ${HEADER} bytes, got ${request.length}`)
  return flags & NLM_F_CAPPED ? HEADER : padded(lengthAt(request, 0, HEADER, 'answer'))
}

/** A C string, with or without its NUL. */
export const text = (bytes: Buffer): string => bytes.toString('utf8').replace(/\0.*$/s, '')
