// The client: what it says when the kernel refuses, what a batch is, and lists that are long, disturbed or lost.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test as suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  addAddress, addLink, addRoute, listAddresses, listLinks, Netlink, removeAddress, removeLink, removeRoute, setLink, socketIn,
} from '@pocker/net'
import { callAll, close, send, setSocketOption, type Syscall } from '@pocker/syscalls'
import { rootTest } from '@pocker/testing'
import { encodeMessage } from '../src/netlink/message.ts'
import { placesFor, refused } from './place.ts'

const { test, place } = placesFor(suite)

rootTest(test, 'what the kernel refuses is one line: the request, the errno, and the kernel\'s own words', () => {
  const { net } = place()
  net.request(addLink({ kind: 'bridge', name: 'br0' }))
  const cases = [
    [addLink({ kind: 'bridge', name: 'br0' }), 'link add br0: EEXIST (file exists)'],
    [setLink('none', { up: true }), 'link set none: ENODEV (no such device)'],
    [removeLink('none'), 'link del none: ENODEV (no such device)'],
    [addLink({ kind: 'veth', name: 'v0', master: 'none', peer: { name: 'v1' } }), 'link add v0: ENODEV (no such device)'],
    [addAddress({ address: '10.0.0.1/8', dev: 'none' }), 'address add 10.0.0.1/8 dev none: ENODEV (no such device)'],
    [removeAddress({ address: '10.0.0.1/8', dev: 'lo' }), 'address del 10.0.0.1/8 dev lo: EADDRNOTAVAIL (cannot assign requested address)'],
    [addRoute({ to: 'default', via: '10.0.0.1' }), 'route add default via 10.0.0.1: ENETUNREACH (network is unreachable): Nexthop has invalid gateway'],
    [addRoute({ to: '10.0.0.1/8', dev: 'lo' }), 'route add 10.0.0.1/8 dev lo: EINVAL (invalid argument): Invalid prefix for given prefix length'],
    [removeRoute({ to: 'default' }), 'route del default: ESRCH (no such process)'],
  ] as const
  // Older kernels, 6.1 for one, have no words for the address.
  for (const [request, message] of cases) assert.is(refused(() => net.request(request)).replace(/: ipv4: Address not found$/, ''), message)
  net.close()
  assert.is(refused(() => net.list(listLinks)), 'link list: EBADF (bad file descriptor)')
})

rootTest(test, 'in a batch the first error names its request; later datagrams were not sent', () => {
  const { net } = place()
  const bridges = Array.from({ length: 200 }, (_, i) => addLink({ kind: 'bridge', name: i === 70 || i === 90 ? 'lo' : `br${i}` }))
  const error = refused(() => net.batch(bridges))
  assert.is(error, 'link add lo: EEXIST (file exists)')
  const names = new Set(net.list(listLinks).map(({ name }) => name))
  assert.equal([0, 63, 69, 127, 128].map((i) => names.has(`br${i}`)), [true, true, true, true, false])
})

/** So many addresses that a list of them takes several parts. */
const many = Array.from({ length: 2000 }, (_, i) => addAddress({ address: `127.1.${i >> 8}.${i & 0xff}/32`, dev: 1 }))

rootTest(test, 'a list that is longer than any buffer is complete', () => {
  const { net } = place()
  net.batch(many)
  const addresses = net.list(listAddresses).map(({ address }) => address)
  assert.is(new Set(addresses).size, 2002)
  assert.is(addresses.length, 2002)
})

rootTest(test, 'a list that stands in the way of another is read to its end first', () => {
  const { path, net } = place()
  net.batch(many)
  const fd = socketIn(path)
  callAll([send(fd, encodeMessage({ ...listAddresses, seq: 4000 }))]) // and nobody reads: the next one is EBUSY
  const other = new Netlink(fd)
  assert.is(other.list(listAddresses).length, 2002)
  other.close()
})

rootTest(test, 'a list that changes while it is read is asked for again: nothing twice, nothing missing', async () => {
  const { path, net } = place()
  net.batch(many)
  const child = spawn('nsenter', [`--net=${path}`, 'sh', '-c', 'echo; while ip address add 127.2.0.1/32 dev lo && ip address del 127.2.0.1/32 dev lo; do :; done'])
  await once(child.stdout, 'data')
  try {
    for (let i = 0; i < 50; i++) {
      const addresses = net.list(listAddresses).map(({ address }) => address).filter((address) => address !== '127.2.0.1/32')
      assert.equal([addresses.length, new Set(addresses).size], [2002, 2002])
    }
  } finally {
    child.kill()
    await once(child, 'close')
  }
})

rootTest(test, 'answers that the socket has no room for are an error, and the client goes on', () => {
  const { path } = place()
  const fd = socketIn(path)
  callAll([setSocketOption(fd, 1, 8, 1)]) // SOL_SOCKET, SO_RCVBUF: the smallest that there is
  const net = new Netlink(fd)
  assert.match(refused(() => net.batch(many)), /^address add 127\.1\.0\.\d+\/32 dev 1: ENOBUFS \(no buffer space available\): the answer was lost$/)
  assert.is(net.link('lo').index, 1)
  net.close()
})

rootTest(test, 'only the kernel is heard: others in the namespace can send no answers of their own', () => {
  const { path, net } = place()
  assert.is(net.link('lo').name, 'lo') // and its socket has a port: the first of a process has the process's number
  const fd = socketIn(path)
  const made = encodeMessage({ type: 2, flags: 0, seq: 2, body: Buffer.alloc(20) }) // NLMSG_ERROR: done
  const address = Buffer.from([16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) // struct sockaddr_nl
  address.writeUInt32LE(process.pid, 4)
  const lie: Syscall = { call: 'sendto', args: [fd, { hex: made.toString('hex') }, made.length, 0, { hex: address.toString('hex') }, address.length] }
  try {
    assert.throws(() => callAll([lie]), /ECONNREFUSED/)
    assert.is(refused(() => net.request(addLink({ kind: 'bridge', name: 'lo' }))), 'link add lo: EEXIST (file exists)')
  } finally {
    callAll([close(fd)])
  }
})

test.run()
