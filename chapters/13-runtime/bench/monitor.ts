// What it costs to keep a container that does nothing: memory that is no longer available, the kernel's own included, and the
// resident memory of what waits for it.
//   npm run bench -- monitor [COUNT]
// pocker oci with its monitor, and runc under Debian's conmon, one after the other: each container is a `sleep`. MemAvailable
// is read several times before and after, once it has settled; nothing is dropped from caches.
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { findTree, prepare, remove } from '@pocker/cgroup'
import { defaultSpec } from '../src/spec/default.ts'

const count = Number(process.argv[2] ?? 300)
const [READINGS, SETTLE, LIMIT] = [10, 200, 30_000]
const POCKER = fileURLToPath(new URL('../../../pocker/bin/pocker-oci.cjs', import.meta.url))
const env = { ...process.env, NODE_EXTRA_CA_CERTS: undefined }
const group = { tree: findTree(), path: `/pocker/bench-${process.pid}` }
const dir = mkdtempSync(join(tmpdir(), 'bench-'))

function call(program: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8', env, stdio: ['ignore', 'ignore', 'pipe'] })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`)
}

/** Without a pipe: a container would hold it open. */
function quietly(program: string, ...args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, { env, stdio: 'ignore' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}`)
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + LIMIT; !isSo(); await pause(5)) if (Date.now() > end) throw new Error(`waited in vain: ${what}`)
}

interface Side {
  readonly start: (id: string, bundle: string) => Promise<void>
  readonly stop: (id: string) => void
  readonly monitors: () => number[]
}

const number = (file: string): number => Number(readFileSync(file, 'utf8'))
const roots = { pocker: join(dir, 'pocker'), runc: join(dir, 'runc') }

/** Processes whose command line names our directory. */
const conmons = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        return line.includes('conmon') && line.includes(dir)
      } catch {
        return false
      }
    })

const sides: Readonly<Record<string, Side>> = {
  'pocker oci': {
    start: async (id, bundle) => {
      quietly(process.execPath, POCKER, '--root', roots.pocker, 'create', '--bundle', bundle, id)
      call(process.execPath, POCKER, '--root', roots.pocker, 'start', id)
    },
    stop: (id) => call(process.execPath, POCKER, '--root', roots.pocker, 'delete', '--force', id),
    monitors: () =>
      readdirSync(roots.pocker).map(
        (id) =>
          (JSON.parse(readFileSync(join(roots.pocker, id, 'state.json'), 'utf8')) as { monitor: { pid: number } }).monitor.pid,
      ),
  },
  'runc, conmon': {
    start: async (id, bundle) => {
      const file = join(bundle, 'pid')
      quietly(
        'conmon',
        '-c',
        id,
        '-u',
        id,
        '-n',
        id,
        '-b',
        bundle,
        '-r',
        runc,
        '--runtime-arg',
        `--root=${roots.runc}`,
        '-p',
        file,
        '-P',
        join(bundle, 'conmon-pid'),
        '--exit-dir',
        join(dir, 'exits'),
        '--socket-dir-path',
        join(dir, 'sockets'),
        '-l',
        join(bundle, 'log'),
      )
      await until(`${id} is created`, () => existsSync(file) && number(file) > 0)
      call(runc, '--root', roots.runc, 'start', id)
    },
    stop: (id) => call(runc, '--root', roots.runc, 'delete', '--force', id),
    monitors: conmons,
  },
}

const runc = spawnSync('sh', ['-c', 'command -v runc'], { encoding: 'utf8' }).stdout.trim()
const has = (name: string): boolean => spawnSync(name, ['--version']).status === 0

function bundleOf(id: string): string {
  const bundle = join(dir, id)
  mkdirSync(bundle)
  const { process, linux, ...spec } = defaultSpec({ rootless: false })
  writeFileSync(
    join(bundle, 'config.json'),
    JSON.stringify({
      ...spec,
      ociVersion: '1.0.2',
      root: { path: join(dir, 'rootfs') },
      process: { ...process, terminal: false, args: ['/bin/sleep', '100000'] },
      linux: { ...linux, cgroupsPath: `${group.path}/${id}` },
    }),
  )
  return bundle
}

/** KiB, the mean of several readings. */
async function available(): Promise<number> {
  let sum = 0
  for (let i = 0; i < READINGS; i++) {
    await pause(SETTLE)
    sum += Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1])
  }
  return sum / READINGS
}

/** KiB: all that is resident, and what of it is the process's alone. */
function resident(pids: readonly number[]): readonly [rss: number, own: number] {
  const sum = (name: string): number =>
    pids.reduce(
      (all, pid) =>
        all + Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0),
      0,
    )
  return [sum('Rss') / pids.length, sum('Pss') / pids.length]
}

async function measure(name: string, { start, stop, monitors }: Side): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, i) => `${name.slice(0, 4)}-${i}`)
  const bundles = ids.map(bundleOf)
  const started: string[] = []
  try {
    const before = await available()
    for (const [i, id] of ids.entries()) {
      started.push(id)
      await start(id, bundles[i] ?? '')
    }
    const lost = (before - (await available())) / count
    const [rss, pss] = resident(monitors())
    return [name, lost.toFixed(0), rss.toFixed(0), pss.toFixed(0)]
  } finally {
    for (const id of started) stop(id)
    await until('the monitors end', () => conmons().length === 0)
  }
}

for (const path of ['rootfs/bin', 'rootfs/dev', 'rootfs/proc', 'rootfs/sys', 'exits', 'sockets'])
  mkdirSync(join(dir, path), { recursive: true })
copyFileSync('/bin/busybox', join(dir, 'rootfs/bin/busybox'))
symlinkSync('busybox', join(dir, 'rootfs/bin/sleep'))
prepare(group.tree, group.path)
try {
  console.log(`${count} containers that sleep; KiB for each`)
  const print = (...cells: readonly string[]): void =>
    console.log(cells.map((cell, i) => (i ? cell.padStart(14) : cell.padEnd(14))).join(''))
  print('side', 'memory lost', 'monitor, RSS', 'monitor, PSS')
  for (const [name, side] of Object.entries(sides)) {
    if (name.includes('conmon') && !(has('conmon') && has('runc')))
      console.log(`${name}: not installed (apt-get install runc conmon)`)
    else print(...(await measure(name, side)))
  }
} finally {
  await remove(group)
  rmSync(dir, { recursive: true, force: true })
}
