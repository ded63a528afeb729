// A stock Debian kernel with its modules, fetched once and kept. It is not installed.
//
//   kernel()                → { version: '6.1.0-44-amd64', image: '…/vmlinux', modules: '…/lib/modules/6.1.0-44-amd64' }
//   inOrder(dep, ['ext4'])  → the files to load, each after those that it needs
//
// Invariant: what lies in the cache under a version's name is complete; it is put together beside, and renamed.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export interface Kernel {
  readonly version: string
  /** What QEMU boots. */
  readonly image: string
  /** The folder with modules.dep, as /lib/modules/VERSION should be. */
  readonly modules: string
}

/** There is no machine to be had; the message says what to install. */
export class NoMachine extends Error {
  readonly code = 'ENOMACHINE'
}

const PACKAGE = 'linux-image-amd64'

/** Hardware that the machine does not have: three quarters of the package. */
const NOT_KEPT = ['drivers/gpu', 'drivers/media', 'drivers/staging', 'drivers/infiniband', 'drivers/net/ethernet',
  'drivers/net/wireless', 'drivers/scsi', 'drivers/iio', 'drivers/hwmon', 'drivers/usb', 'drivers/platform', 'sound'] as const

/** What unpacks modules that a package brings compressed. */
const UNPACKERS = { xz: ['xz', '-d'], zst: ['zstd', '-dq', '--rm'] } as const

/** @throws {NoMachine} if there is no kernel in the cache, and none can be fetched */
export function kernel(say: (line: string) => void = () => {}): Kernel {
  const cache = cacheDirectory()
  return newest(cache) ?? fetched(cache, say)
}

function cacheDirectory(): string {
  const { XDG_CACHE_HOME: own } = process.env
  if (own) return join(own, 'pocker/vm')
  return process.geteuid?.() === 0 ? '/var/cache/pocker/vm' : join(homedir(), '.cache/pocker/vm')
}

function newest(cache: string): Kernel | undefined {
  const versions = existsSync(cache) ? readdirSync(cache).filter((name) => /^\d/.test(name)) : []
  const [version] = versions.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  return version === undefined ? undefined
    : { version, image: join(cache, version, 'vmlinux'), modules: join(cache, version, 'lib/modules', version) }
}

function fetched(cache: string, say: (line: string) => void): Kernel {
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'new-'))
  try {
    say(`fetching ${PACKAGE} into ${cache}, once`)
    const version = download(work)
    const modules = join(work, 'lib/modules', version)
    for (const part of NOT_KEPT) rmSync(join(modules, 'kernel', part), { recursive: true, force: true })
    unpackModules(modules)
    // The package leaves this to its installation.
    run('busybox', ['depmod', '-b', work, version], work)
    writeFileSync(join(work, 'vmlinux'), uncompressed(readFileSync(join(work, 'boot', `vmlinuz-${version}`))))
    for (const name of ['boot', 'usr']) rmSync(join(work, name), { recursive: true, force: true })
    if (!existsSync(join(cache, version))) renameSync(work, join(cache, version))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return newest(cache) as Kernel
}

/** @returns the version of the kernel that is now in `dir`, as the package has it */
function download(dir: string): string {
  const attempt = (): string | undefined => {
    const { stdout } = spawnSync('apt-cache', ['depends', PACKAGE], { encoding: 'utf8' })
    const [, name = ''] = /Depends: (linux-image-\S+)/.exec(stdout ?? '') ?? []
    return name && spawnSync('apt-get', ['-qq', 'download', name], { cwd: dir }).status === 0 ? name : undefined
  }
  const refresh = (): boolean => process.geteuid?.() === 0 && spawnSync('apt-get', ['-qq', 'update']).status === 0
  const name = attempt() ?? (refresh() ? attempt() : undefined)
  if (!name) {
    throw new NoMachine(`expected Debian's package ${PACKAGE}, which apt-get cannot reach: go online, run apt-get update as root`)
  }
  const file = readdirSync(dir).find((entry) => entry.endsWith('.deb')) ?? ''
  run('dpkg-deb', ['-x', file, '.'], dir)
  rmSync(join(dir, file))
  return name.replace('linux-image-', '')
}

function unpackModules(dir: string): void {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' })
  for (const [ending, [program, ...options]] of Object.entries(UNPACKERS)) {
    const packed = files.filter((file) => file.endsWith(`.ko.${ending}`))
    if (packed.length > 0) run(program, [...options, ...packed], dir)
  }
}

function run(program: string, args: readonly string[], cwd: string): void {
  const { status, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new NoMachine(`${program} ${args[0]}: ${error?.message ?? stderr.trim()}`)
}

/**
 * The kernel proper out of a compressed image: emulated, a machine would take three seconds to do that by itself.
 * @returns the image as it is, if it is packed in another way than Debian's
 * @see Documentation/arch/x86/boot.rst, payload_offset
 */
function uncompressed(image: Buffer): Buffer {
  const begin = (image.readUInt8(0x1f1) + 1) * 512 + image.readUInt32LE(0x248)
  const payload = image.subarray(begin, begin + image.readUInt32LE(0x24c))
  const { stdout } = spawnSync('xz', ['-dc', '--single-stream'], { input: payload, maxBuffer: 1 << 28 })
  return stdout?.subarray(0, 4).toString('latin1') === '\x7fELF' ? stdout : image
}

/**
 * @param dep the text of modules.dep
 * @param builtin the text of modules.builtin: what the kernel has without a module
 * @param wanted names of modules
 * @returns files, each once and after all that it needs
 * @throws {NoMachine} if the kernel has no such module
 */
export function inOrder(dep: string, builtin: string, wanted: readonly string[]): string[] {
  const needs = new Map(dep.trim().split('\n').map((line) => {
    const [file = '', rest = ''] = line.split(':')
    return [file, rest.split(' ').filter(Boolean)] as const
  }))
  const fileOf = new Map([...needs.keys()].map((file) => [nameOf(file), file]))
  const present = new Set(builtin.trim().split('\n').map(nameOf))
  const order = new Set<string>()
  const add = (file: string): void => {
    if (order.has(file)) return
    for (const other of needs.get(file) ?? []) add(other)
    order.add(file)
  }
  for (const name of wanted) {
    const file = fileOf.get(name)
    if (file !== undefined) add(file)
    else if (!present.has(name)) throw new NoMachine(`expected a kernel with the module ${name}, got one without`)
  }
  return [...order]
}

/** `kernel/fs/9p/9p.ko` → `9p`; the kernel does not tell - from _ */
const nameOf = (file: string): string => (file.split('/').at(-1) ?? '').replace(/\.ko$/, '').replaceAll('-', '_')
