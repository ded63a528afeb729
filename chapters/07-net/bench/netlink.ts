// What networking costs: 1,000 veth pairs made and removed through the client and through `ip -batch`, each side in a fresh
// network namespace of its own, taking turns; then how many namespaces a second are made and removed.
//   npm run bench -- netlink [ROUNDS [PAIRS]]
// node is running already, ip is started for each batch: so its time is also given without what `ip -batch` of nothing takes.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addLink, listLinks, listNetns, makeNetns, Netlink, removeLink, removeNetns } from '@pocker/net'

const [rounds = 3, pairs = 1000] = process.argv.slice(2).map(Number)
const dir = mkdtempSync(join(tmpdir(), 'bench-'))
const state = (): string => JSON.stringify([
  readFileSync('/proc/self/mountinfo', 'utf8'), readdirSync('/proc/self/fd').length, readlinkSync('/proc/self/ns/net'),
  execFileSync('ip', ['-br', 'link'], { encoding: 'utf8' }),
])
const before = state()
const indexes = Array.from({ length: pairs }, (_, i) => i)
const files = { add: join(dir, 'add.batch'), del: join(dir, 'del.batch') }
writeFileSync(files.add, indexes.map((i) => `link add a${i} type veth peer name b${i}\n`).join(''))
writeFileSync(files.del, indexes.map((i) => `link del a${i}\n`).join(''))

const milliseconds = (body: () => void): number => {
  const start = process.hrtime.bigint()
  body()
  return Number(process.hrtime.bigint() - start) / 1e6
}
const expectLinks = (net: Netlink, wanted: number): void => {
  const got = net.list(listLinks).length
  if (got !== wanted) throw new Error(`links: expected ${wanted}, got ${got}`)
}

type Side = (path: string, net: Netlink) => { readonly add: () => void; readonly del: () => void }
const ip = (path: string, file: string) => (): void => {
  const { status, stderr } = spawnSync('nsenter', [`--net=${path}`, 'ip', '-batch', file], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip: ${stderr.trim()}`)
}
const sides: Readonly<Record<string, Side>> = {
  pocker: (_, net) => ({
    add: () => net.batch(indexes.map((i) => addLink({ kind: 'veth', name: `a${i}`, peer: { name: `b${i}` } }))),
    del: () => net.batch(indexes.map((i) => removeLink(`a${i}`))),
  }),
  'ip -batch': (path) => ({ add: ip(path, files.add), del: ip(path, files.del) }),
}

/** Milliseconds of each round, by side and step. */
const times = new Map<string, number[]>()
const note = (key: string, time: number): void => void times.set(key, [...times.get(key) ?? [], time])
const path = join(dir, 'netns', 'side')
for (let round = 0; round < rounds; round++) {
  for (const [name, side] of Object.entries(sides).toSorted(() => (round % 2 ? -1 : 1))) {
    makeNetns(path)
    const net = Netlink.open(path)
    const { add, del } = side(path, net)
    note(`${name} add`, milliseconds(add))
    expectLinks(net, 2 * pairs + 1)
    note(`${name} del`, milliseconds(del))
    expectLinks(net, 1)
    note('ip start', milliseconds(ip(path, '/dev/null')))
    net.close()
    removeNetns(path)
  }
}

const median = (key: string): number => (times.get(key) ?? []).toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN
const print = (...cells: readonly string[]): void =>
  console.log(cells.map((cell, i) => (i ? cell.padStart(14) : cell.padEnd(24))).join(''))
console.log(`${pairs} veth pairs, median of ${rounds} rounds, milliseconds`)
print('', 'pocker', 'ip -batch', 'without start', 'pocker to ip')
for (const [step, label] of [['add', 'made'], ['del', 'removed']] as const) {
  const [ours, theirs, start] = [median(`pocker ${step}`), median(`ip -batch ${step}`), median('ip start')]
  print(label, ours.toFixed(1), theirs.toFixed(1), (theirs - start).toFixed(1), `${(ours / (theirs - start)).toFixed(2)} ×`)
}

const COUNT = 200
const pins = Array.from({ length: COUNT }, (_, i) => join(dir, 'netns', String(i)))
const made = milliseconds(() => pins.forEach((pin) => makeNetns(pin)))
const listed = listNetns(join(dir, 'netns')).length
const removed = milliseconds(() => pins.forEach((pin) => removeNetns(pin)))
const rate = (time: number): string => `${(listed / time * 1000).toFixed(0)} a second`
console.log(`namespaces, loopback up: ${rate(made)} made, ${rate(removed)} removed`)
rmSync(dir, { recursive: true })
console.log(state() === before ? 'nothing is left' : 'SOMETHING IS LEFT')
