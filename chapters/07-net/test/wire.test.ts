// The bytes: held against what Debian's ip(8) and bridge(8) 6.1.0 send for the same words, and against nonsense.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SpecError } from '@pocker/syscalls'
import {
  addAddress, addFdb, addLink, addNeighbour, addRoute, appendFdb, removeAddress, removeLink, removeNeighbour, removeRoute, replaceRoute,
  setLink, type LinkSpec, MessageError, NetlinkError, readLink,
} from '@pocker/net'
import { decodeAck, decodeAttributes, decodeMessages, encodeMessage, NLMSG_DONE, NLMSG_ERROR, Writer, type Message } from '../src/netlink/message.ts'
import type { Request } from '../src/netlink/request.ts'
import { formatIp, parseIp } from '../src/netlink/text.ts'

// Each line: what was typed, the request in our words, and what was sent, recorded in a fresh network namespace with
// `strace -e write=all -e trace=sendmsg,sendto`. Bytes 8 to 11, the sequence number, are zeroed: it is the time of day.
const CAPTURED: readonly [typed: string, ours: Request, hex: string][] = [
  ['ip link add veth0 mtu 1400 address 02:00:00:00:00:01 type veth peer name veth1',
    addLink({ kind: 'veth', name: 'veth0', mtu: 1400, mac: '02:00:00:00:00:01', peer: { name: 'veth1' } }),
    '70000000100005060000000000000000000000000000000000000000000000000800040078050000' +
    '0a00010002000000000100000a00030076657468300000003000120008000100766574682400020020000100000000000000000000000000000000000a0003007665746831000000'],
  ['ip link add br0 type bridge forward_delay 200 ageing_time 30000 stp_state 0',
    addLink({ kind: 'bridge', name: 'br0', forwardDelay: 2, ageing: 300, stp: false }),
    '5400000010000506000000000000000000000000000000000000000000000000' +
    '08000300627230002c0012000a00010062726964676500001c00020008000100c800000008000400307500000800050000000000'],
  ['ip link add vx0 type vxlan id 42 local 10.0.0.1 remote 10.0.0.2 dev d0 dstport 4789 nolearning',
    addLink({ kind: 'vxlan', name: 'vx0', dev: 2, id: 42, local: '10.0.0.1', remote: '10.0.0.2', learning: false, port: 4789 }),
    '6c00000010000506000000000000000000000000000000000000000000000000' +
    '0800030076783000440012000900010076786c616e000000340002000800030002000000080001002a000000080004000a000001080002000a000002050007000000000006000f0012b50000'],
  ['ip link add mv0 link d0 type macvlan mode bridge', addLink({ kind: 'macvlan', name: 'mv0', dev: 2, mode: 'bridge' }),
    '4c000000100005060000000000000000000000000000000000000000000000000800050002000000080003006d7630001c0012000b0001006d6163766c616e000c0002000800010004000000'],
  ['ip link add dm0 type dummy', addLink({ kind: 'dummy', name: 'dm0' }),
    '380000001000050600000000000000000000000000000000000000000000000008000300646d3000100012000900010064756d6d79000000'],
  ['ip link set veth0 up', setLink(6, { up: true }), '2000000010000500000000000000000000000000060000000100000001000000'],
  ['ip link set veth0 master br0', setLink(6, { master: 7 }), '280000001000050000000000000000000000000006000000000000000000000008000a0007000000'],
  ['ip link set veth0 nomaster', setLink(6, { master: null }), '280000001000050000000000000000000000000006000000000000000000000008000a0000000000'],
  ['ip link set veth1 name eth1', setLink(5, { name: 'eth1' }), '2c00000010000500000000000000000000000000050000000000000000000000090003006574683100000000'],
  ['ip link del veth0', removeLink(6), '2000000011000500000000000000000000000000060000000000000000000000'],
  ['ip addr add 10.9.0.1/24 broadcast 10.9.0.255 label d0:x dev d0',
    addAddress({ address: '10.9.0.1/24', broadcast: '10.9.0.255', label: 'd0:x', dev: 2 }),
    '3c0000001400050600000000000000000218000002000000080002000a090001080004000a0900ff0900030064303a7800000000080001000a090001'],
  ['ip addr add fd00::1/64 dev d0 nodad', addAddress({ address: 'fd00::1/64', dev: 2, nodad: true }),
    '400000001400050600000000000000000a4002000200000014000200fd00000000000000000000000000000114000100fd000000000000000000000000000001'],
  ['ip addr add 127.0.0.2/8 dev lo', addAddress({ address: '127.0.0.2/8', dev: 1 }),
    '28000000140005060000000000000000020800fe01000000080002007f000002080001007f000002'],
  ['ip addr del 127.0.0.2/8 dev lo', removeAddress({ address: '127.0.0.2/8', dev: 1 }),
    '280000001500050000000000000000000208000001000000080002007f000002080001007f000002'],
  ['ip route add 10.8.0.0/16 via 10.9.0.2 dev d0 src 10.9.0.1 metric 7 table 1000',
    addRoute({ to: '10.8.0.0/16', via: '10.9.0.2', dev: 2, source: '10.9.0.1', metric: 7, table: 1000 }),
    '4c000000180005060000000000000000021000000003000100000000080001000a080000080005000a090002080007000a090001080006000700000008000f00e80300000800040002000000'],
  ['ip route add blackhole 10.7.0.0/16', addRoute({ to: '10.7.0.0/16', type: 'blackhole' }),
    '2400000018000506000000000000000002100000fe03000600000000080001000a070000'],
  ['ip route add 10.6.0.0/16 dev d0', addRoute({ to: '10.6.0.0/16', dev: 2 }),
    '2c00000018000506000000000000000002100000fe03fd0100000000080001000a0600000800040002000000'],
  ['ip route replace default via fd00::2', replaceRoute({ to: 'default', via: 'fd00::2' }),
    '300000001800050500000000000000000a000000fe0300010000000014000500fd000000000000000000000000000002'],
  ['ip route del 10.8.0.0/16 table 1000', removeRoute({ to: '10.8.0.0/16', table: 1000 }),
    '2c000000190005000000000000000000021000000000ff0000000000080001000a08000008000f00e8030000'],
  ['ip neigh add 10.9.0.9 lladdr 02:00:00:00:00:09 dev d0 nud permanent',
    addNeighbour({ address: '10.9.0.9', mac: '02:00:00:00:00:09', dev: 2 }),
    '300000001c0005060000000000000000020000000200000080000000080001000a0900090a0002000200000000090000'],
  ['ip neigh del 10.9.0.9 dev d0', removeNeighbour({ address: '10.9.0.9', dev: 2 }),
    '240000001d0005000000000000000000020000000200000080000000080001000a090009'],
  ['bridge fdb append 00:00:00:00:00:00 dev vx0 dst 10.0.0.3', appendFdb({ mac: '00:00:00:00:00:00', dev: 8, remote: '10.0.0.3' }),
    '300000001c00050c00000000000000000700000008000000c00002000a0002000000000000000000080001000a000003'],
  ['bridge fdb add 02:00:00:00:00:07 dev vx0 dst 10.0.0.4 port 4790 vni 9',
    addFdb({ mac: '02:00:00:00:00:07', dev: 8, remote: '10.0.0.4', port: 4790, vni: 9 }),
    '400000001c00050600000000000000000700000008000000c00002000a0002000200000000070000080001000a0000040600060012b600000800070009000000'],
  ['bridge fdb add 02:00:00:00:00:08 dev v0 master static',
    addFdb({ mac: '02:00:00:00:00:08', dev: 4, in: 'master', state: 'static' }),
    '280000001c00050600000000000000000700000004000000420004000a0002000200000000080000'],
]
for (const [typed, ours, hex] of CAPTURED) {
  test(`the same bytes as: ${typed}`, () => assert.is(encodeMessage({ ...ours, seq: 0 }).toString('hex'), hex))
}

/** The kernel's answer to `ip route add 10.66.0.0/16 via 99.9.9.9`, recorded with `strace -e read=all`: not capped. */
const REFUSAL = Buffer.from('60000000020000021345016b4e1700009bffffff2c000000180005061345016b0000000002100000fe03000100000000080001000a42' +
  '00000800050063090909200001004e657874686f702068617320696e76616c6964206761746577617900', 'hex')

test('a refusal says why, in the kernel\'s own words, on one line', () => {
  const [message] = decodeMessages(REFUSAL)
  assert.ok(message)
  const ack = decodeAck(message as Message)
  assert.equal(ack, { errno: 101, reason: 'Nexthop has invalid gateway' })
  assert.is(new NetlinkError('route add', ack).message, 'route add: ENETUNREACH (network is unreachable): Nexthop has invalid gateway')
})

test('a capped refusal repeats only the header, and may say which byte is wrong', () => {
  const writer = new Writer()
  writer.add(Buffer.from('eaffffff', 'hex')) // -EINVAL
  writer.add(encodeMessage({ type: 16, flags: 5, seq: 7, body: Buffer.alloc(0) }))
  writer.attribute(1, () => writer.add(Buffer.from('bad\0')))
  writer.attribute(2, () => writer.add(Buffer.from('24000000', 'hex')))
  assert.equal(decodeAck({ type: NLMSG_ERROR, flags: 0x300, seq: 7, body: writer.bytes() }), { errno: 22, reason: 'bad', offset: 36 })
})

test('what was encoded is decoded: messages one after the other, attributes within attributes', () => {
  const message = fc.record({
    type: fc.nat(0xffff), flags: fc.nat(0xffff), seq: fc.nat(0xffffffff), body: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
  }, { noNullPrototype: true })
  fc.assert(fc.property(fc.array(message), (messages) => {
    assert.equal(decodeMessages(Buffer.concat(messages.map(encodeMessage))), messages)
  }))
  const attribute = fc.record({ type: fc.nat(0x3fff), data: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)) }, { noNullPrototype: true })
  fc.assert(fc.property(fc.array(attribute), (attributes) => {
    const writer = new Writer()
    writer.attribute(1, () => attributes.forEach(({ type, data }) => writer.attribute(type, () => writer.add(data))))
    assert.equal(decodeAttributes(decodeAttributes(writer.bytes())[0]?.data ?? Buffer.alloc(0)), attributes)
  }))
})

test('nonsense ends in a MessageError or in a result, never in a loop or in bytes that are not there', () => {
  const readers = [
    decodeMessages, decodeAttributes, readLink, ...[NLMSG_ERROR, NLMSG_DONE].flatMap((type) => [0, 0x200, 0x300].map((flags) =>
      (body: Buffer) => decodeAck({ type, flags, seq: 0, body }))),
  ]
  /** Random bytes seldom get past the first length, so true datagrams are bent as well. */
  const bent = fc.tuple(fc.constantFrom(REFUSAL, ...CAPTURED.map(([, , hex]) => Buffer.from(hex, 'hex'))), fc.nat(120), fc.nat(255), fc.nat(120))
    .map(([bytes, at, value, end]) => Uint8Array.from(bytes, (byte, i) => (i === at ? value : byte)).slice(0, end))
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), bent), (bytes) => {
    for (const read of readers) {
      for (const part of [bytes, bytes.slice(16), bytes.slice(20)]) {
        try {
          read(Buffer.from(part))
        } catch (error) {
          assert.instance(error, MessageError)
        }
      }
    }
  }), { numRuns: 2000 })
})

test('lengths that lie are named', () => {
  const cases: [hex: string, message: string][] = [
    ['0000', 'netlink message: expected a header of 16 bytes, got 2'],
    ['0000000010000500000000000000000000', 'netlink message: expected a length of 16 to 17 bytes, got 0'],
    ['ffffffff100005000000000000000000', 'netlink message: expected a length of 16 to 16 bytes, got 4294967295'],
  ]
  for (const [hex, message] of cases) {
    assert.throws(() => decodeMessages(Buffer.from(hex, 'hex')), (error: Error) => error instanceof MessageError && error.message === message)
  }
})

test('an IPv6 address is written as RFC 5952 wants it', () => {
  for (const address of ['::', '::1', 'fd00::1', '1:2:3:4:5:6:7:8', '10:0:0:1::', '2001:db8::1:0:0:1', 'a:0:0:b::1', '1:0:2:3:4:5:6:7']) {
    assert.is(formatIp(parseIp('address', address)), address)
  }
  assert.is(formatIp(parseIp('address', '::ffff:1.2.3.4')), '::ffff:102:304')
  assert.is(formatIp(parseIp('address', '2001:DB8:0:0:1:0:0:1')), '2001:db8::1:0:0:1')
})

const bridge = (more: object): Request => addLink({ kind: 'bridge', name: 'br0', ...more })
const NAME = 'name: expected an interface name of 1 to 15 bytes without "/", ":", "%" and white space, got '
const BAD: readonly [what: () => unknown, message: string][] = [
  [() => bridge({ name: '' }), `${NAME}""`],
  [() => bridge({ name: 'a'.repeat(16) }), `${NAME}"aaaaaaaaaaaaaaaa"`],
  [() => bridge({ name: 'ü'.repeat(8) }), `${NAME}"üüüüüüüü"`],
  [() => bridge({ name: 'a/b' }), `${NAME}"a/b"`],
  [() => bridge({ name: 'a b' }), `${NAME}"a b"`],
  [() => bridge({ name: '..' }), `${NAME}".."`],
  [() => bridge({ name: 'a\0' }), `${NAME}"a\\u0000"`],
  [() => bridge({ name: 'br%d' }), `${NAME}"br%d"`],
  [() => bridge({ mac: '02:00:00:00:01' }), 'mac: expected a MAC address such as 02:00:00:00:00:01, got "02:00:00:00:01"'],
  [() => bridge({ mtu: 67 }), 'mtu: expected a whole number from 68 to 65536, got 67'],
  [() => bridge({ mtu: 1500.5 }), 'mtu: expected a whole number from 68 to 65536, got 1500.5'],
  [() => bridge({ mtu: '1500' }), 'mtu: expected a whole number from 68 to 65536, got "1500"'],
  [() => bridge({ ageing: Infinity }), 'ageing: expected 0 to 42949672 seconds, got Infinity'],
  [() => bridge({ ageing: -1 }), 'ageing: expected 0 to 42949672 seconds, got -1'],
  [() => bridge({ master: 'a/b' }), `${NAME.replace('name', 'master')}"a/b"`],
  [() => bridge({ master: 'br1', namespace: { pid: 1 } }), 'master: expected its index in the other namespace, got "br1"'],
  [() => setLink('veth0', { master: 'br1', namespace: { pid: 1 } }), 'master: expected its index in the other namespace, got "br1"'],
  [() => addLink({ kind: 'vxlan', name: 'vx0', id: 2 ** 24 }), 'id: expected a whole number from 0 to 16777215, got 16777216'],
  [() => addLink({ kind: 'vxlan', name: 'vx0', id: 1, port: 65536 }), 'port: expected a whole number from 0 to 65535, got 65536'],
  [() => addLink({ kind: 'vxlan', name: 'vx0', id: 1, remote: 'host' }), 'remote: expected an address such as 10.0.0.1 or fd00::1, got "host"'],
  [() => addLink({ kind: 'macvlan', name: 'm0', dev: 1, mode: 'none' } as unknown as LinkSpec), 'mode: expected one of private, vepa, bridge, passthru, got "none"'],
  [() => addAddress({ address: '10.0.0.256/8', dev: 'br0' }), 'address: expected an address and a prefix length such as 10.0.0.1/24 or fd00::1/64, got "10.0.0.256/8"'],
  [() => addAddress({ address: '10.0.0.1/33', dev: 'br0' }), 'address: expected a prefix length of 0 to 32, got 33'],
  [() => addAddress({ address: 'fe80::1%br0/64', dev: 'br0' }), 'address: expected an address and a prefix length such as 10.0.0.1/24 or fd00::1/64, got "fe80::1%br0/64"'],
  [() => addAddress({ address: '10.0.0.1/8', dev: 1, broadcast: 'fd00::1' }), 'broadcast: expected an address of IPv4, as the other one is, got "fd00::1"'],
  [() => addAddress({ address: '10.0.0.1/8', dev: 1, label: 'eth0:a name too long' }), 'label: expected a name of 1 to 15 bytes such as eth0:1, got "eth0:a name too long"'],
  [() => addRoute({ to: '10.0.0.0/8', via: 'a00:2::' }), 'via: expected an address of IPv4, as the other one is, got "a00:2::"'],
  [() => addRoute({ to: 'fd00::/8', dev: 1, source: '10.0.0.1' }), 'source: expected an address of IPv6, as the other one is, got "10.0.0.1"'],
  [() => addRoute({ to: 'default', via: '10.0.0.1', source: 'a00:1::' }), 'source: expected an address of IPv4, as the other one is, got "a00:1::"'],
  [() => addRoute({ to: '10.0.0.0/x' }), 'to: expected an address and a prefix length such as 10.0.0.1/24 or fd00::1/64, got "10.0.0.0/x"'],
  [() => addRoute({ to: 'default', via: '10.0.0' }), 'via: expected an address such as 10.0.0.1 or fd00::1, got "10.0.0"'],
  [() => addNeighbour({ address: '10.0.0.1', mac: 'x', dev: 'br0' }), 'mac: expected a MAC address such as 02:00:00:00:00:01, got "x"'],
]
for (const [what, message] of BAD) {
  test(`refused before the kernel sees it: ${message}`, () => {
    assert.throws(what, (error: Error) => error instanceof SpecError && error.message === message)
  })
}

test.run()
