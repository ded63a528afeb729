// What limits cost: the same container without a group, with one, and with one that has limits of processes, processor and
// memory. A group is made, entered and removed each time. Milliseconds, side by side in one run of at most a minute.
//   npm run bench -- limits [ROUNDS]
// Back to back, and with pauses: to enter a group of version 1, the kernel waits until all processors have passed a quiet moment
// (RCU), and does not wait again for whoever comes at once. Peers: crun and runc with and without the same limits; they make a
// group always. crun refuses a machine that has both versions, and is left out there.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { canSet, cgroup, exists, findTree, limited, pids, prepare, remove } from '@pocker/cgroup'
import {
  chdir, CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUTS, command, MNT_DETACH, mount,
  MS_BIND, MS_PRIVATE, MS_REC, pivot_root, plan, sethostname, spawn, umount2, type Isolation,
} from '@pocker/syscalls'

const rounds = Number(process.argv[2] ?? 60)
/** Milliseconds: between two containers, and for all rounds of one kind. */
const [PAUSE, MOST] = [200, 25_000]
const MEMORY = 64 * 1024 * 1024
const PIDS = 64
const [QUOTA, PERIOD] = [50_000, 100_000]

const tree = findTree()
const hybrid = Object.keys(tree.v1).length > 0
const dir = mkdtempSync(join(tmpdir(), 'bench-'))
const rootfs = join(dir, 'rootfs')
for (const name of ['bin', 'dev', 'proc']) mkdirSync(join(rootfs, name), { recursive: true })
copyFileSync('/bin/busybox', join(rootfs, 'bin/busybox'))
symlinkSync('busybox', join(rootfs, 'bin/true'))
let count = 0

const box = (flags: bigint): Isolation => ({
  name: 'bench', flags: flags | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET,
  child: [
    mount('none', '/', null, MS_REC | MS_PRIVATE, null), mount(rootfs, rootfs, null, MS_BIND | MS_REC, null),
    sethostname('box'), mount('proc', join(rootfs, 'proc'), 'proc', 0, null),
    chdir(rootfs), pivot_root('.', '.'), umount2('.', MNT_DETACH),
  ],
})

function run(isolations: readonly Isolation[]): void {
  const { code } = spawn(plan([...isolations, command({ argv: ['/bin/true'] })])).waitSync()
  if (code !== 0) throw new Error(`pocker: expected exit code 0, got ${code}`)
}

const inGroup = (hasLimits: boolean) => (): void => {
  const group = { tree, path: `/pocker/bench-${process.pid}-${count++}` }
  const swap = canSet(tree, 'memory.swap.max') && tree.swap ? { 'memory.swap.max': '0' } : {}
  run([
    cgroup(group, { namespace: 'private' }),
    ...(hasLimits ? [
      pids(group, PIDS), limited('cpu', group, { 'cpu.max': `${QUOTA} ${PERIOD}` }),
      limited('memory', group, { 'memory.max': String(MEMORY), ...swap }),
    ] : []),
    box(0n),
  ])
  if (exists(group)) throw new Error(`${group.path}: expected it to be removed with its container`)
}

/** @param name of the program, which is to find its bundle in a directory of its own */
function runtime(name: string, hasLimits: boolean): () => void {
  const bundle = join(dir, `${name}-${hasLimits}`)
  mkdirSync(bundle)
  const limits = {
    pids: { limit: PIDS }, cpu: { quota: QUOTA, period: PERIOD }, memory: { limit: MEMORY, ...(tree.swap && { swap: MEMORY }) },
  }
  return () => {
    const id = `bench-${process.pid}-${count++}`
    writeFileSync(join(bundle, 'config.json'), JSON.stringify({
      ociVersion: '1.0.2', root: { path: rootfs }, hostname: 'box',
      process: { user: { uid: 0, gid: 0 }, args: ['/bin/true'], env: ['PATH=/bin'], cwd: '/' },
      mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
      linux: {
        cgroupsPath: `/pocker/${id}`, ...(hasLimits && { resources: limits }),
        namespaces: ['mount', 'uts', 'ipc', 'pid', 'network', 'cgroup'].map((type) => ({ type })),
      },
    }))
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: undefined }
    const args = ['--root', join(dir, name), 'run', '--bundle', bundle, id]
    const { status, stderr } = spawnSync(name, args, { encoding: 'utf8', env })
    if (status !== 0) throw new Error(`${name}: ${stderr.trim()}`)
  }
}

const has = (name: string): boolean => spawnSync(name, ['--version']).status === 0
const peers = ['crun', 'runc'].filter((name) => has(name) && !(name === 'crun' && hybrid))
const sides: Readonly<Record<string, () => void>> = {
  'pocker, no group': () => run([box(CLONE_NEWCGROUP)]),
  'pocker, a group': inGroup(false),
  'pocker, limits': inGroup(true),
  ...Object.fromEntries(peers.flatMap((name) =>
    [[`${name}, a group`, runtime(name, false)], [`${name}, limits`, runtime(name, true)]])),
}

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN

/** The sides take turns, so that a noisy machine is noisy for all of them. @returns medians in milliseconds, and the rounds */
async function measure(most: number, between: number): Promise<{ medians: Map<string, number>; done: number }> {
  const times = new Map(Object.keys(sides).map((name) => [name, [] as number[]]))
  const end = performance.now() + MOST
  let done = 0
  for (; done < most && performance.now() < end; done++) {
    for (const [name, side] of Object.entries(sides)) {
      if (between > 0) await pause(between)
      const start = performance.now()
      side()
      times.get(name)?.push(performance.now() - start)
    }
  }
  return { medians: new Map(Array.from(times, ([name, list]) => [name, median(list)])), done }
}

prepare(tree, '/pocker')
try {
  for (const side of Object.values(sides)) side() // once unmeasured: what is loaded at first
  const [dense, sparse] = [await measure(rounds, 0), await measure(rounds, PAUSE)]
  const driver = hybrid ? 'hybrid: controllers of version 1' : 'version 2'
  const print = (...cells: readonly string[]): void =>
    console.log(cells.map((cell, i) => i ? cell.padStart(14) : cell.padEnd(20)).join(''))
  console.log(`one container, with and without limits; cgroups: ${driver}; medians in milliseconds`)
  print('side', 'back to back', `${PAUSE / 1000} s between`)
  for (const name of Object.keys(sides)) {
    print(name, ...[dense, sparse].map(({ medians }) => (medians.get(name) ?? Number.NaN).toFixed(2)))
  }
  print('rounds', String(dense.done), String(sparse.done))
} finally {
  rmSync(dir, { recursive: true })
  await remove({ tree, path: `/pocker/bench-${process.pid}-${count - 1}` })
}
if (hybrid && has('crun')) console.log('crun refuses a machine with both versions of cgroups: left out')
for (const peer of ['crun', 'runc'].filter((name) => !has(name))) console.log(`${peer}: not installed (apt-get install ${peer})`)
