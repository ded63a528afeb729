// A machine of its own: a stock Debian kernel in QEMU, on top of the files of this machine, none of which it can change.
//
//   await machine({ argv: ['uname', '-a'] }, { out: process.stdout, err: process.stderr })   → { code: 0, late: false }
//
// Its settings and its one command go into the initial RAM disk; what comes out passes through ports, byte for byte.
//
// Invariant: nothing stays, in /tmp or anywhere else. Only the kernel is kept, in a cache.
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { ReadStream, WriteStream } from 'node:tty'
import { fileURLToPath } from 'node:url'
import { archive } from './initrd.ts'
import { inOrder, kernel, NoMachine, type Kernel } from './kernel.ts'
import { accelerator, BUSYBOX, checkPrograms, listen, makeDisks, start, type Hardware, type Ports } from './qemu.ts'

export { NoMachine } from './kernel.ts'

export interface Job {
  readonly argv: readonly string[]
  /** Besides the variables that are passed anyway. */
  readonly env?: Readonly<Record<string, string>>
  /** A folder outside that the command can write to, as SHARED. */
  readonly shared?: string
  /** Seconds after which the machine is stopped. */
  readonly timeout?: number | undefined
  /** MiB */
  readonly memory?: number
  readonly processors?: number
}

/** Where the output goes; or the terminal that the command gets. */
export type Ends =
  | { readonly out: Writable; readonly err: Writable }
  | { readonly keys: ReadStream; readonly screen: WriteStream }

export interface Outcome {
  /** The command's; undefined if the machine went off before. */
  readonly code: number | undefined
  /** Whether the time was up. */
  readonly late: boolean
}

/** What is told on the way. */
export interface Listener {
  readonly fetching?: (line: string) => void
  readonly booting?: (version: string, hardware: Hardware) => void
  readonly ready?: (seconds: number) => void
}

const here = dirname(fileURLToPath(import.meta.url))
export const REPOSITORY = join(here, '../..')
/** Where the command finds the shared folder. */
export const SHARED = '/run/vm/shared'
/** Switches the machine off when nothing else does: Ctrl-], as in telnet. */
const ESCAPE = '\x1d'
/** What the root file system needs, to be loaded before there is one. */
const MODULES = ['virtio_pci', 'virtio_blk', 'virtio_console', '9pnet_virtio', '9p', 'ext4', 'crc32c_generic', 'overlay']
/** What the kernel loads by itself when root asks for it, but not when an ordinary user does. */
const PRELOADED = ['veth', 'bridge', 'vxlan', 'nf_tables', 'fuse', 'tun']
/** What the machine has of its own: a repository below one of these would not be seen. */
const FRESH = ['/tmp/', '/run/', '/var/lib/pocker/']
/** Variables that mean the same inside. */
const PASSED = /^(PATH|HOME|LANG|LC_.*|TERM|COLORTERM|NO_COLOR|FORCE_COLOR|CI)$/

/** Ends this process when it is told to, so that the machine and its folder go, too. */
export function endOnSignals(): void {
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]] as const) {
    process.on(signal, () => process.exit(code))
  }
}

/** @throws {NoMachine} if QEMU or a kernel is missing, or the machine does not come up */
export async function machine(job: Job, ends: Ends, listener: Listener = {}): Promise<Outcome> {
  if (process.arch !== 'x64') throw new NoMachine(`expected an x86-64 processor, got ${process.arch}`)
  checkPrograms()
  const hardware = { accelerator: accelerator(), memory: job.memory ?? 2048, processors: job.processors ?? 2 }
  const system = kernel(listener.fetching)
  listener.booting?.(system.version, hardware)
  const dir = mkdtempSync(join(tmpdir(), 'pocker-vm-'))
  const remove = (): void => rmSync(dir, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    makeDisks(dir)
    writeFileSync(join(dir, 'initrd'), initrd(system, settings(system, job, 'keys' in ends)))
    const names = ['control', ...('keys' in ends ? ['terminal'] : ['out', 'err'])]
    const ports = await listen(dir, names)
    const qemu = start({ dir, image: system.image, ports: names, hardware, shared: job.shared })
    return await attend(qemu, { ports, log: join(dir, 'console'), ends, timeout: job.timeout, onReady: listener.ready })
  } finally {
    process.off('exit', remove)
    remove()
  }
}

function initrd(system: Kernel, settings: string): Buffer {
  const text = (name: string): string => readFileSync(join(system.modules, name), 'utf8')
  const modules = inOrder(text('modules.dep'), text('modules.builtin'), MODULES)
  const busybox = readFileSync(BUSYBOX)
  const mountPoints = ['proc', 'sys', 'dev', 'lower', 'scratch', 'root', 'keep']
  return archive([
    { name: 'init', mode: 0o755, data: readFileSync(join(here, 'boot.sh')) },
    ...['bin', 'vm'].map((folder) => ({ name: `${folder}/busybox`, mode: 0o755, data: busybox })),
    { name: 'vm/init.sh', mode: 0o644, data: readFileSync(join(here, 'init.sh')) },
    { name: 'vm/settings', mode: 0o644, data: settings },
    { name: 'vm/modules', mode: 0o644, data: modules.map((file) => `${file}\n`).join('') },
    ...modules.map((file) => ({ name: `modules/${file}`, mode: 0o644, data: readFileSync(join(system.modules, file)) })),
    ...mountPoints.map((name) => ({ name: `${name}/.keep`, mode: 0o644, data: '' })),
  ])
}

/** What boot.sh and init.sh read, in the language of the shell. */
function settings({ version, modules }: Kernel, { argv, env = {}, shared }: Job, interactive: boolean): string {
  const passed = Object.entries(process.env).filter(([name]) => PASSED.test(name))
  const exported = { ...Object.fromEntries(passed), ...env }
  const variables = {
    version, modules, directory: REPOSITORY, preloaded: PRELOADED.join(' '),
    interactive: interactive ? 'yes' : '', shared: shared ? SHARED : '',
    hidden: FRESH.some((dir) => REPOSITORY.startsWith(dir)) ? REPOSITORY : '',
    // The sources that tsx has compiled already: emulated, that takes long.
    compiled: join(tmpdir(), `tsx-${process.geteuid?.()}`),
  }
  return [
    ...Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}`),
    ...Object.entries(exported).map(([name, value = '']) => `export ${name}=${quoted(value)}`),
    `set -- ${argv.map(quoted).join(' ')}`, '',
  ].join('\n')
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** Stays with the machine until it is off. */
async function attend(qemu: ChildProcess, { ports, log, ends, timeout, onReady }: {
  readonly ports: Ports; readonly log: string; readonly ends: Ends
  readonly timeout: number | undefined; readonly onReady: Listener['ready']
}): Promise<Outcome> {
  const began = performance.now()
  let [complaint, ready, late, code] = ['', false, false, undefined as number | undefined]
  const stop = (): boolean => qemu.kill('SIGKILL')
  const off = new Promise<void>((resolve) => {
    qemu.once('error', ({ message }) => resolve(void (complaint = message))).once('close', () => resolve())
  })
  qemu.stderr?.setEncoding('utf8').on('data', (text: string) => void (complaint += text))
  process.once('exit', stop)
  const timer = timeout === undefined ? undefined : setTimeout(() => stop() && (late = true), timeout * 1000)

  const streams = 'keys' in ends
    ? [session(ports, ends.keys, ends.screen, stop)]
    : [drain(ports['out'], ends.out), drain(ports['err'], ends.err)]
  streams.push(linesOf(ports['control'], (line) => {
    if (line === 'ready') {
      ready = true
      onReady?.((performance.now() - began) / 1000)
    } else {
      code = Number(line.replace('exit ', ''))
      stop() // all output came before this line
    }
  }))
  await off
  clearTimeout(timer)
  process.off('exit', stop)
  if (ready) await Promise.all(streams)
  else if (!late) throw new NoMachine(`the machine did not come up: ${complaint.trim() || tail(log)}`)
  return { code, late }
}

type Port = Ports[string]

async function linesOf(port: Port | undefined, hear: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: await port as Socket })) hear(line)
}

async function drain(port: Port | undefined, to: Writable): Promise<void> {
  for await (const bytes of await port as Readable) {
    if (!to.write(bytes)) await new Promise((resolve) => to.once('drain', resolve))
  }
}

/** Connects a terminal with the one inside: keys, screen, and the size of the window. */
async function session(ports: Ports, keys: ReadStream, screen: WriteStream, stop: () => void): Promise<void> {
  const [terminal, control] = await Promise.all([ports['terminal'], ports['control']]) as [Socket, Socket]
  const resize = (): void => void control.write(`${screen.rows} ${screen.columns}\n`)
  const type = (bytes: Buffer): void => void (bytes.toString('latin1') === ESCAPE ? stop() : terminal.write(bytes))
  screen.on('resize', resize)
  keys.setRawMode(true).on('data', type)
  resize()
  try {
    await drain(ports['terminal'], screen)
  } finally {
    screen.off('resize', resize)
    keys.off('data', type).setRawMode(false).pause()
  }
}

/** The last of what the machine said before its kernel found out that process 1 had ended. */
const tail = (file: string): string =>
  readFileSync(file, 'utf8').replace(/^.*Kernel panic[^]*/m, '').trim().split('\n').slice(-5).join('\n')
