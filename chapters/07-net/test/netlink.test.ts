// Links, addresses, routes and neighbours, for real, in fresh network namespaces: what the client made is what Debian's
// ip(8) and bridge(8) see, and what those made is what the client reads.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { test as suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  addAddress, addFdb, addLink, addNeighbour, addRoute, appendFdb, listAddresses, listFdb, listLinks, listNeighbours, listRoutes,
  removeAddress, removeFdb, removeLink, removeNeighbour, removeRoute, replaceNeighbour, replaceRoute, setLink, type Address,
} from '@pocker/net'
import { rootTest } from '@pocker/testing'
import { agree, placesFor, refused } from './place.ts'

const { test, place } = placesFor(suite)

rootTest(test, 'a bridge, a veth at it, a vxlan and a macvlan are what ip says they are', () => {
  const { net, ask } = place()
  net.batch([
    addLink({ kind: 'bridge', name: 'br0', mac: '02:00:00:00:00:01', up: true, ageing: 100, forwardDelay: 4, helloTime: 1, maxAge: 10, stp: true }),
    addLink({ kind: 'veth', name: 'veth0', index: 77, mtu: 1400, up: true, master: 'br0', peer: { name: 'veth1', mac: '02:00:00:00:00:02', mtu: 1300 } }),
    setLink('veth0', { hairpin: true, isolated: true, learning: false }),
    addAddress({ address: '10.0.0.1/24', dev: 'br0' }),
    addLink({ kind: 'vxlan', name: 'vx4', id: 42, local: '10.0.0.1', remote: '239.1.1.1', dev: 'br0', port: 4789, learning: false, ttl: 9 }),
    addLink({ kind: 'vxlan', name: 'vx6', id: 43, local: 'fd00::1', remote: 'fd00::2', port: 4790, learning: true }),
    addLink({ kind: 'macvlan', name: 'mv0', dev: 'veth1', mode: 'vepa' }),
  ])
  const theirs = Object.fromEntries(ask('ip', '-d', 'link').map((link) => [link['ifname'], link]))
  const bridge = theirs['br0']?.['linkinfo']['info_data']
  assert.equal([bridge.ageing_time, bridge.forward_delay, bridge.hello_time, bridge.max_age, bridge.stp_state], [10000, 400, 100, 1000, 1])
  const port = theirs['veth0']?.['linkinfo']['info_slave_data']
  assert.equal([port.hairpin, port.isolated, port.learning, theirs['veth0']?.['ifindex']], [true, true, false, 77])
  const [four, six] = ['vx4', 'vx6'].map((name) => theirs[name]?.['linkinfo']['info_data'])
  assert.equal([four.id, four.local, four.group, four.port, four.learning, four.ttl, four.link], [42, '10.0.0.1', '239.1.1.1', 4789, false, 9, 'br0'])
  assert.equal([six.id, six.local6, six.remote6, six.port, six.learning], [43, 'fd00::1', 'fd00::2', 4790, true])
  assert.equal(theirs['mv0']?.['linkinfo']['info_data'].mode, 'vepa')

  const indexOf = (name: string): unknown => net.list(listLinks).find((link) => link.name === name)?.index
  const both = (link: Record<string, any>): unknown[] => [link['ifindex'], link['ifname'], link['address'], link['mtu'], link['operstate'].toLowerCase(),
    link['flags'].includes('UP'), link['linkinfo']?.info_kind, indexOf(link['master'])]
  agree(() => net.list(listLinks).map(({ index, name, mac, mtu, state, up, kind, master }) => [index, name, mac, mtu, state, up, kind, master]),
    () => ask('ip', '-d', 'link').map(both))
  const options = (name: string): unknown => net.link(name).options
  assert.equal(options('br0'), { forwardDelay: 4, helloTime: 1, maxAge: 10, ageing: 100, stp: true, vlanFiltering: false })
  const vx4 = { id: 42, remote: '239.1.1.1', dev: net.link('br0').index, local: '10.0.0.1', ttl: 9, learning: false, port: 4789 }
  assert.equal(options('vx4'), vx4)
  assert.equal(options('vx6'), { id: 43, ttl: 0, learning: true, port: 4790, remote: 'fd00::2', local: 'fd00::1' })
  assert.equal(options('mv0'), { mode: 'vepa' })
  assert.equal(net.link(77).port, { hairpin: true, learning: false, isolated: true })
})

rootTest(test, 'a kind or an option that this kernel lacks is refused as ip is, in one line', () => {
  const { path, net } = place()
  const cases = [
    ['link add d0', addLink({ kind: 'dummy', name: 'd0' }), 'type dummy'],
    ['link add b0', addLink({ kind: 'bridge', name: 'b0', vlanFiltering: true }), 'type bridge vlan_filtering 1'],
  ] as const
  for (const [what, request, words] of cases) {
    const argv = [`--net=${path}`, 'ip', ...what.split(' '), ...words.split(' ')]
    let works = true
    try {
      execFileSync('nsenter', argv, { stdio: 'ignore' })
    } catch {
      works = false
    }
    // Where it failed, a bridge may have been made nevertheless: the kernel does not take it back.
    for (const { name } of net.list(listLinks)) if (name !== 'lo') net.request(removeLink(name))
    works ? net.request(request) : assert.match(refused(() => net.request(request)), `${what}: EOPNOTSUPP (operation not supported)`)
  }
})

rootTest(test, 'a link is set up and down, renamed, enslaved and freed, and gets another MAC and MTU', () => {
  const { net, ask } = place()
  net.batch([addLink({ kind: 'bridge', name: 'br0' }), addLink({ kind: 'veth', name: 'a', peer: { name: 'b' } })])
  const see = (name: string): unknown => {
    const [link] = ask('ip', 'link', 'show', name)
    return [link?.['flags'].includes('UP'), link?.['mtu'], link?.['address'], link?.['master']]
  }
  net.request(setLink('a', { up: true, mtu: 1234, mac: '02:aa:00:00:00:01', master: 'br0' }))
  assert.equal(see('a'), [true, 1234, '02:aa:00:00:00:01', 'br0'])
  net.batch([setLink('a', { up: false, master: null }), setLink('a', { name: 'c' }), setLink('c', { mtu: 1500 })])
  assert.equal(see('c'), [false, 1500, '02:aa:00:00:00:01', undefined])
  net.request(removeLink('c'))
  assert.equal(net.list(listLinks).map(({ name }) => name), ['lo', 'br0'])
})

rootTest(test, 'a link moves into another namespace, by a descriptor or a process, and a peer is made there at once', async () => {
  const [here, there] = [place('here'), place('there')]
  const fd = openSync(there.path, 'r')
  const child = spawn('nsenter', [`--net=${there.path}`, 'sh', '-c', 'echo; read line'])
  const names = (): string[] => there.net.list(listLinks).map(({ name }) => name)
  await once(child.stdout, 'data')
  here.net.batch([
    addLink({ kind: 'veth', name: 'veth0', up: true, peer: { name: 'eth0', namespace: { fd } } }),
    addLink({ kind: 'veth', name: 'veth1', peer: { name: 'eth1', namespace: { pid: child.pid ?? 0 } } }),
    addLink({ kind: 'veth', name: 'veth2', peer: { name: 'veth3' } }), setLink('veth3', { namespace: { fd }, name: 'eth2' }),
    addLink({ kind: 'bridge', name: 'br1', namespace: { fd } }),
  ])
  child.stdin.end()
  await once(child, 'close')
  closeSync(fd)
  assert.equal(here.net.list(listLinks).map(({ name }) => name).toSorted(), ['lo', 'veth0', 'veth1', 'veth2'])
  assert.equal(names().toSorted(), ['br1', 'eth0', 'eth1', 'eth2', 'lo'])
  here.net.request(removeLink('veth0')) // and its peer with it
  assert.not(names().includes('eth0'))
})

rootTest(test, 'addresses are added and removed as ip sees them', () => {
  const { net, ask } = place()
  net.batch([
    addLink({ kind: 'bridge', name: 'br0', up: true }),
    addAddress({ address: '10.0.0.1/24', dev: 'br0', broadcast: '10.0.0.255', label: 'br0:web' }),
    addAddress({ address: '10.0.0.2/32', dev: 'br0', scope: 'link' }), addAddress({ address: '127.0.0.2/8', dev: 'lo' }),
    addAddress({ address: 'fd00::1/64', dev: 'br0', nodad: true }),
  ])
  const theirs = (): string[] => ask('ip', 'addr').flatMap((link) => link['addr_info'].map((info: Record<string, any>) => JSON.stringify(
    { address: `${info['local']}/${info['prefixlen']}`, dev: link['ifname'], scope: info['scope'], broadcast: info['broadcast'], label: info['label'], nodad: info['nodad'] ?? false })))
  const ours = ({ address, dev, scope, broadcast, label, nodad }: Address): string => JSON.stringify({ address, dev, scope, broadcast, label, nodad })
  agree(() => net.list(listAddresses).map(ours).toSorted(), () => theirs().toSorted())
  assert.ok(net.list(listAddresses).some(({ address, nodad, tentative }) => address === 'fd00::1/64' && nodad && !tentative))
  net.batch([removeAddress({ address: '10.0.0.1/24', dev: 'br0' }), removeAddress({ address: 'fd00::1/64', dev: 'br0' })])
  assert.equal(net.list(listAddresses).filter(({ dev, scope }) => dev === 'br0' && scope !== 'link'), [])
})

rootTest(test, 'routes are added, replaced and removed as ip sees them', () => {
  const { net, ask } = place()
  net.batch([
    addLink({ kind: 'bridge', name: 'br0', up: true }), addAddress({ address: '10.0.0.1/24', dev: 'br0' }),
    addAddress({ address: 'fd00::1/64', dev: 'br0', nodad: true }),
    addRoute({ to: 'default', via: '10.0.0.254' }), addRoute({ to: 'default', via: 'fd00::fe' }),
    addRoute({ to: '10.1.0.0/16', dev: 'br0', metric: 7, source: '10.0.0.1' }),
    addRoute({ to: '10.2.0.0/16', type: 'blackhole' }), addRoute({ to: '10.3.0.3', dev: 'br0', scope: 'link' }),
    addRoute({ to: '10.4.0.0/16', via: '10.0.0.9', table: 1000 }), addRoute({ to: 'fd01::/48', type: 'unreachable', dev: 'lo' }),
    replaceRoute({ to: 'default', via: '10.0.0.253' }),
  ])
  const theirs = (family: string, ...more: string[]): unknown[] => ask('ip', family, 'route', 'show', ...more)
    .map((r) => [r['dst'], r['gateway'], r['dev'], r['prefsrc'], r['metric'], r['type'] ?? 'unicast'])
  // ip writes a single address without the length of its prefix.
  const ours = (family: 4 | 6, table?: number): unknown[][] => net.list(listRoutes(table)).filter((r) => r.family === family)
    .map((r) => [r.to.replace(family === 4 ? /\/32$/ : /\/128$/, ''), r.via, r.dev, r.source, r.metric, r.type])
  agree(() => ours(4), () => theirs('-4'))
  agree(() => ours(6).filter(([to]) => !String(to).startsWith('ff00')), () => theirs('-6'))
  agree(() => ours(4, 1000), () => theirs('-4', 'table', '1000'))
  assert.ok(net.list(listRoutes(255)).some(({ to, type, scope }) => to === '127.0.0.0/8' && type === 'local' && scope === 'host'))
  net.batch([
    removeRoute({ to: 'default' }), removeRoute({ to: 'default', via: 'fd00::fe' }), removeRoute({ to: '10.2.0.0/16' }), removeRoute({ to: '10.4.0.0/16', table: 1000 }),
  ])
  assert.equal(ours(4).map(([to]) => to), ['10.0.0.0/24', '10.1.0.0/16', '10.3.0.3'])
  assert.equal(ours(4, 1000), [])
})

rootTest(test, 'each type of route is made as ip makes it', () => {
  const { net, path } = place()
  net.request(addLink({ kind: 'bridge', name: 'br0', up: true }))
  const types = ['unicast', 'local', 'broadcast', 'anycast', 'multicast', 'blackhole', 'unreachable', 'prohibit', 'throw'] as const
  types.forEach((type, i) => {
    const dev = i < 5 ? ['dev', 'br0'] : []
    execFileSync('nsenter', [`--net=${path}`, 'ip', 'route', 'add', type, `10.1.${i}.0/24`, ...dev, 'table', '1001'])
    net.request(addRoute({ to: `10.1.${i}.0/24`, type, table: 1002, ...(i < 5 && { dev: 'br0' }) }))
  })
  const [theirs, ours] = [1001, 1002].map((table) => net.list(listRoutes(table)).map(({ to, type, scope, dev }) => [to, type, scope, dev]))
  assert.is(ours?.length, types.length)
  assert.equal(ours, theirs)
})

rootTest(test, 'neighbours and forwarding entries are added, replaced and removed as ip and bridge see them', () => {
  const { net, ask } = place()
  net.batch([
    addLink({ kind: 'bridge', name: 'br0', up: true }), addLink({ kind: 'veth', name: 'v0', up: true, master: 'br0', peer: { name: 'v1' } }),
    addLink({ kind: 'vxlan', name: 'vx0', id: 5, port: 4789, learning: false, up: true }),
    addNeighbour({ address: '10.0.0.9', mac: '02:00:00:00:00:09', dev: 'br0' }),
    addNeighbour({ address: 'fd00::9', mac: '02:00:00:00:00:0a', dev: 'vx0', state: 'stale' }),
    replaceNeighbour({ address: '10.0.0.9', mac: '02:00:00:00:00:0b', dev: 'br0' }),
    appendFdb({ mac: '00:00:00:00:00:00', dev: 'vx0', remote: '192.0.2.1' }), appendFdb({ mac: '00:00:00:00:00:00', dev: 'vx0', remote: '192.0.2.2' }),
    addFdb({ mac: '02:00:00:00:00:07', dev: 'vx0', remote: '192.0.2.3', port: 4790, vni: 9 }),
    addFdb({ mac: '02:00:00:00:00:08', dev: 'v0', in: 'master', state: 'static' }),
  ])
  ask('ip', 'neigh', 'add', '10.0.0.8', 'dev', 'br0', 'nud', 'none') // which nobody has asked for
  const neighbours = (): unknown[] => net.list(listNeighbours).map(({ address, mac, dev, state }) => [address, mac, dev, state.toUpperCase()]).toSorted()
  const theirs = (): unknown[] => ask('ip', 'neigh').map((n) => [n['dst'], n['lladdr'], n['dev'], n['state'][0]]).toSorted()
  assert.equal(neighbours(), [['10.0.0.9', '02:00:00:00:00:0b', 'br0', 'PERMANENT'], ['fd00::9', '02:00:00:00:00:0a', 'vx0', 'STALE']])
  agree(neighbours, theirs)
  /** Some kernels list what is in all VLANs of a bridge once more for each of them. */
  const once = (lines: readonly string[]): string[] => [...new Set(lines)].toSorted()
  const entries = (): string[] => once(net.list(listFdb).filter(({ mac }) => /^0[02]:00:00/.test(mac))
    .map(({ mac, dev, remote, port, vni, state }) => [mac, dev, remote, port, vni, state].join(' ')))
  const bridge = (): string[] => once(ask('bridge', 'fdb').filter((entry) => /^0[02]:00:00/.test(entry['mac']))
    .map((entry) => [entry['mac'], entry['ifname'], entry['dst'], entry['port'], entry['vni'], entry['state']].join(' ')))
  assert.equal(entries(), [
    '00:00:00:00:00:00 vx0 192.0.2.1   permanent', '00:00:00:00:00:00 vx0 192.0.2.2   permanent',
    '02:00:00:00:00:07 vx0 192.0.2.3 4790 9 permanent', '02:00:00:00:00:08 v0    static',
  ])
  agree(entries, bridge)
  net.batch([
    removeNeighbour({ address: '10.0.0.9', dev: 'br0' }), removeFdb({ mac: '00:00:00:00:00:00', dev: 'vx0', remote: '192.0.2.1' }),
    removeFdb({ mac: '02:00:00:00:00:08', dev: 'v0', in: 'master' }),
  ])
  assert.is(entries().length, 2)
  assert.is(neighbours().length, 1)
})

test.run()
