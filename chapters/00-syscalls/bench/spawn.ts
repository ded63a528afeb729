// What a container costs: six namespaces, pivot_root, exec of /bin/true, wait. Milliseconds each, side by side in one run.
//   npm run bench -- spawn [ROUNDS]
// Peers: crun and runc (Debian's packages), which start from their own process each time, and node's spawnSync of /bin/true,
// which makes no container at all. The sides take turns, so that a noisy machine is noisy for all of them.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  callAll, chdir, CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUTS, command, mayFail,
  MNT_DETACH, mount,
  MS_BIND, MS_PRIVATE, MS_REC, pivot_root, plan, rmdir, sethostname, spawn, umount2, unshare, type Isolation,
} from '@pocker/syscalls'

const rounds = Number(process.argv[2] ?? 200)
const dir = mkdtempSync(join(tmpdir(), 'bench-'))
const rootfs = join(dir, 'rootfs')
for (const name of ['bin', 'dev', 'proc']) mkdirSync(join(rootfs, name), { recursive: true })
copyFileSync('/bin/busybox', join(rootfs, 'bin/busybox'))
symlinkSync('busybox', join(rootfs, 'bin/true'))

const SIX = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP
const isolation: Isolation = {
  name: 'bench', flags: SIX,
  child: [
    mount('none', '/', null, MS_REC | MS_PRIVATE, null), mount(rootfs, rootfs, null, MS_BIND | MS_REC, null),
    sethostname('box'), mount('proc', join(rootfs, 'proc'), 'proc', 0, null),
    chdir(rootfs), pivot_root('.', '.'), umount2('.', MNT_DETACH),
  ],
}
const container = plan([isolation, command({ argv: ['/bin/true'] })])

writeFileSync(join(dir, 'config.json'), JSON.stringify({
  ociVersion: '1.0.2', root: { path: rootfs }, hostname: 'box',
  process: { user: { uid: 0, gid: 0 }, args: ['/bin/true'], env: ['PATH=/bin'], cwd: '/' },
  mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
  linux: {
    cgroupsPath: '/pocker/bench',
    namespaces: ['mount', 'uts', 'ipc', 'pid', 'network', 'cgroup'].map((type) => ({ type })),
  },
}))
// crun refuses hybrid cgroups, so all sides see a v2 tree, mounted in a mount namespace of the benchmark's own.
callAll([
  unshare(CLONE_NEWNS), mount('none', '/', null, MS_REC | MS_PRIVATE, null),
  mount('none', '/sys/fs/cgroup', 'cgroup2', 0, null),
])
let count = 0
const runtime = (name: string, ...flags: string[]) => (): void => {
  const args = [...flags, '--root', join(dir, name), 'run', '--bundle', dir, `bench-${count++}`]
  const { status, stderr } = spawnSync(name, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${name}: ${stderr.trim()}`)
}

const sides: Readonly<Record<string, () => void>> = {
  pocker: () => {
    const { code } = spawn(container).waitSync()
    if (code !== 0) throw new Error(`pocker: expected exit code 0, got ${code}`)
  },
  ...(has('crun') && { crun: runtime('crun', '--cgroup-manager=disabled') }),
  ...(has('runc') && { runc: runtime('runc') }),
  'spawnSync /bin/true': () => void spawnSync('/bin/true'),
}

const times = new Map(Object.keys(sides).map((name) => [name, [] as number[]]))
for (let round = 0; round < rounds; round++) {
  for (const [name, side] of Object.entries(sides)) {
    if (name === 'runc' && round >= 20) continue // it is slow, and 20 rounds tell enough
    const start = process.hrtime.bigint()
    side()
    times.get(name)?.push(Number(process.hrtime.bigint() - start) / 1e6)
  }
}
rmSync(dir, { recursive: true })
callAll([mayFail(rmdir('/sys/fs/cgroup/pocker'))])

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN
const base = median(times.get('pocker') ?? [])
const print = (...cells: readonly string[]): void =>
  console.log(cells.map((cell, i) => i ? cell.padStart(12) : cell.padEnd(22)).join(''))
console.log(`one container: six namespaces, pivot_root, exec, wait; ${rounds} rounds, milliseconds`)
print('side', 'median', 'fastest', 'to pocker')
for (const [name, list] of times) {
  print(name, median(list).toFixed(2), Math.min(...list).toFixed(2), `${(median(list) / base).toFixed(1)} ×`)
}
console.log('crun and runc are started by spawnSync, whose own cost is the last row')
for (const peer of ['crun', 'runc'].filter((name) => !times.has(name))) {
  console.log(`${peer}: not installed (apt-get install ${peer})`)
}

function has(name: string): boolean {
  return spawnSync(name, ['--version']).status === 0
}
