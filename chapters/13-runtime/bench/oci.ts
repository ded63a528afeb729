// What a container costs whoever calls a runtime: `run` of /bin/true, the same bundle for all, in milliseconds of wall time.
//   npm run bench -- oci [ROUNDS]
// Peers: crun and runc. The floor is `node -e 0`, which pocker oci cannot go below. They take turns, so that a noisy machine is
// noisy for all of them. crun refuses a machine that has both versions of cgroups, so version 2 stands alone in a mount
// namespace of this program; crun makes no group there, and is that much better off.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defaultSpec } from '../src/spec/default.ts'

const [CGROUPS, ROUNDS, FLOOR] = ['/sys/fs/cgroup', 40, 'node -e 0']
const POCKER = fileURLToPath(new URL('../../../pocker/bin/pocker-oci.cjs', import.meta.url))
const INSIDE = 'POCKER_BENCH_INSIDE'
const env = { ...process.env, NODE_EXTRA_CA_CERTS: undefined }

if (process.env[INSIDE]) measure(Number(process.argv[2] ?? ROUNDS))
else {
  const script = `${existsSync(join(CGROUPS, 'unified')) ? `mount --bind ${CGROUPS}/unified ${CGROUPS} && ` : ''}exec "$@"`
  const program = [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const { status } = spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ...program], {
    stdio: 'inherit',
    env: { ...env, [INSIDE]: '1' },
  })
  process.exitCode = status ?? 1
}

function measure(rounds: number): void {
  const dir = mkdtempSync(join(tmpdir(), 'bench-'))
  const parent = `/pocker/bench-${process.pid}`
  try {
    const sides = sidesIn(dir, parent)
    for (const side of Object.values(sides)) once(side) // unmeasured: what is loaded at first
    const times = new Map(Object.keys(sides).map((name) => [name, [] as number[]]))
    for (let i = 0; i < rounds; i++) {
      for (const [name, side] of Object.entries(sides)) times.get(name)?.push(once(side))
    }
    const floor = median(times.get(FLOOR) ?? [])
    console.log(`run of /bin/true, ${rounds} rounds; milliseconds`)
    print('side', 'median', 'least', 'beyond the floor')
    for (const [name, list] of times) {
      const middle = median(list)
      print(
        name,
        middle.toFixed(1),
        Math.min(...list).toFixed(1),
        `${(middle - floor).toFixed(1)} (${(middle / floor).toFixed(2)} ×)`,
      )
    }
  } finally {
    rmSync(dir, { recursive: true })
    for (const path of [parent, '/pocker']) removeIfEmpty(join(CGROUPS, path))
  }
}

type Side = () => readonly string[]

function sidesIn(dir: string, parent: string): Readonly<Record<string, Side>> {
  const rootfs = join(dir, 'rootfs')
  for (const name of ['bin', 'dev', 'proc', 'sys']) mkdirSync(join(rootfs, name), { recursive: true })
  copyFileSync('/bin/busybox', join(rootfs, 'bin/busybox'))
  symlinkSync('busybox', join(rootfs, 'bin/true'))
  const { process, linux, ...spec } = defaultSpec({ rootless: false })
  const { resources: _, ...rest } = linux ?? {}
  writeFileSync(
    join(dir, 'config.json'),
    JSON.stringify({
      ...spec,
      ociVersion: '1.0.2',
      root: { path: rootfs },
      process: { ...process, terminal: false, args: ['/bin/true'] },
      linux: { ...rest, cgroupsPath: `${parent}/box` },
    }),
  )
  let count = 0
  const runtime =
    (name: string, ...words: string[]): Side =>
    () => [...words, '--root', join(dir, name), 'run', '--bundle', dir, `box${count++}`]
  const peers = { crun: ['crun', '--cgroup-manager', 'disabled'], runc: ['runc'] }
  const there = Object.entries(peers).filter(([name]) => {
    const found = spawnSync(name, ['--version']).status === 0
    if (!found) console.log(`${name}: not installed (apt-get install ${name})`)
    return found
  })
  return {
    [FLOOR]: () => [globalThis.process.execPath, '-e', '0'],
    'pocker oci': runtime('pocker', globalThis.process.execPath, POCKER),
    ...Object.fromEntries(there.map(([name, words]) => [name, runtime(name, ...words)])),
  }
}

/** @returns milliseconds */
function once(side: Side): number {
  const [program = '', ...args] = side()
  const start = performance.now()
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8', env, stdio: ['ignore', 'ignore', 'pipe'] })
  const time = performance.now() - start
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.trim()}`)
  return time
}

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN
}

function print(...cells: readonly string[]): void {
  console.log(cells.map((cell, i) => (i ? cell.padStart(i === 3 ? 18 : 9) : cell.padEnd(12))).join(''))
}

function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path)
  } catch {
    // others are in it, or it never was
  }
}
