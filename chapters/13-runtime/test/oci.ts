// A runtime to try things on: a temporary directory for its state and its bundles, and a cgroup that all of it lies in.
//
//   const oci = await begin()
//   const id = oci.bundle({ process: { args: ['/bin/sleep', '1000'] } })      its config.json is written
//   oci.call('create', '--bundle', oci.dirOf(id), id)                         → { code, stdout, stderr }
//   oci.must('start', id)                                                     → what it said; throws if it failed
//   await oci.end()                                                           throws if anything is left
//
// Who calls the runtime stands in GROUP/caller, and containers in GROUP/ID: so whatever came of a call is found, wherever it
// went. Invariant: output goes into files, for a container that keeps a pipe open would keep us waiting.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync, writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { below, findTree, prepare, processes, remove, roots, type Group } from '@pocker/cgroup'
import { busybox } from '@pocker/testing'
import { defaultSpec } from '../src/spec/default.ts'
import type { LinuxSpec, ProcessSpec, Spec } from '../src/spec/schema.ts'
import type { State } from '../src/lifecycle/status.ts'

const PROGRAM = fileURLToPath(new URL('../../../pocker/bin/pocker-oci.cjs', import.meta.url))
export const OCI: readonly string[] = [process.execPath, PROGRAM]
/** Milliseconds: nothing here takes so long, even where the kernel is emulated. */
const LIMIT = 60_000
/** Characters of an error message: a crash of a bundle shows a line that is the whole bundle. */
const SAID = 1000

export interface Result {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}
/** A call that is not waited for. */
export interface Running {
  readonly child: ChildProcess
  readonly done: Promise<Result>
}

export interface CallOptions {
  /** Words in front of the runtime: strace, for example. */
  readonly wrap?: readonly string[]
  /** Descriptors from 3 on. */
  readonly more?: readonly number[]
  readonly env?: Readonly<Record<string, string>>
  readonly input?: number
}

/** What a bundle has beside what `pocker oci spec` writes. */
export interface Change {
  readonly process?: Partial<ProcessSpec>
  readonly root?: Partial<Spec['root']>
  readonly hostname?: string
  /** Behind the usual ones. */
  readonly mounts?: Spec['mounts']
  readonly linux?: Partial<LinuxSpec>
  readonly hooks?: Spec['hooks']
  readonly annotations?: Spec['annotations']
}

/** Asks again until it is so. */
export async function until<T>(what: string, ask: () => T | undefined | false): Promise<T> {
  for (const end = Date.now() + LIMIT; ;) {
    const answer = ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`)
    await pause(2)
  }
}

export async function begin(): Promise<Oci> {
  const oci = new Oci(await busybox())
  oci.must('--version') // its bundle is made anew if a source has changed; not while something is counted
  return oci
}

let count = 0

export class Oci {
  readonly dir: string
  readonly root: string
  /** Of all containers, and of those that call. */
  readonly group: Group
  readonly #rootfs: string
  readonly #mounts = readFileSync('/proc/self/mountinfo', 'utf8')

  constructor(rootfs: string) {
    this.#rootfs = rootfs
    this.dir = mkdtempSync(join(tmpdir(), 'oci-'))
    this.root = join(this.dir, 'state')
    this.group = { tree: findTree(), path: `/pocker/oci-${process.pid}-${count++}` }
    prepare(this.group.tree, this.group.path)
    mkdirSync(this.#caller())
  }

  /** One hierarchy is enough to find processes in. */
  #caller(): string {
    const { tree, path } = this.group
    return join(tree.unified ?? roots(tree)[0] ?? '', path, 'caller')
  }

  /** @returns the id of a new container. The first of these is c0, its bundle lies in dirOf('c0'). */
  bundle(change: Change = {}, id: string = `c${count++}`): string {
    mkdirSync(this.dirOf(id))
    const spec = defaultSpec({ rootless: false })
    const config: Spec = {
      ...spec,
      root: { ...spec.root, path: this.#rootfs, ...change.root },
      process: { ...(spec.process as ProcessSpec), terminal: false, args: ['/bin/sleep', '1000'], ...change.process },
      mounts: [...(spec.mounts ?? []), ...(change.mounts ?? [])],
      linux: { ...spec.linux, cgroupsPath: `${this.group.path}/${id}`, ...change.linux },
      ...(change.hooks && { hooks: change.hooks }),
      ...(change.hostname !== undefined && { hostname: change.hostname }),
      ...(change.annotations && { annotations: change.annotations }),
    }
    writeFileSync(join(this.dirOf(id), 'config.json'), JSON.stringify(config))
    return id
  }

  dirOf(id: string): string {
    return join(this.dir, id)
  }

  /** A root file system of the bundle's own, for tests that spoil it. */
  ownRootfs(id: string): string {
    const path = join(this.dirOf(id), 'rootfs')
    spawnSync('cp', ['-a', this.#rootfs, path])
    return path
  }

  #words(words: readonly string[], wrap: readonly string[] = []): string[] {
    const enter = `echo 0 > ${this.#caller()}/cgroup.procs && exec "$@"`
    return ['-c', enter, 'sh', ...wrap, ...OCI, '--root', this.root, ...words]
  }

  /** The container's output, too, as long as it lives. */
  #files(id: string): { readonly paths: readonly [string, string]; readonly fds: readonly [number, number] } {
    const paths = ['out', 'err'].map((name) => join(this.dir, `${name}-${id}-${count++}`)) as [string, string]
    return { paths, fds: paths.map((path) => openSync(path, 'w')) as [number, number] }
  }

  call(...words: readonly string[]): Result {
    return this.callWith({}, ...words)
  }

  callWith({ wrap, more = [], env = {}, input }: CallOptions, ...words: readonly string[]): Result {
    const { paths, fds } = this.#files('call')
    const { status, signal, error } = spawnSync('/bin/sh', this.#words(words, wrap), {
      stdio: [input ?? 'ignore', ...fds, ...more], timeout: LIMIT, killSignal: 'SIGKILL', env: cleanEnv(env),
    })
    for (const fd of fds) closeSync(fd)
    if (error) throw new Error(`${words.join(' ')}: ${error.message}`)
    return { code: status, signal, stdout: readFileSync(paths[0], 'utf8'), stderr: readFileSync(paths[1], 'utf8') }
  }

  begin({ wrap, more = [], env = {}, input }: CallOptions, ...words: readonly string[]): Running {
    const { paths, fds } = this.#files('call')
    const child = spawn('/bin/sh', this.#words(words, wrap), { stdio: [input ?? 'ignore', ...fds, ...more], env: cleanEnv(env) })
    for (const fd of fds) closeSync(fd)
    const done = once(child, 'exit').then(([code, signal]) =>
      ({ code, signal, stdout: readFileSync(paths[0], 'utf8'), stderr: readFileSync(paths[1], 'utf8') }) as Result)
    return { child, done }
  }

  /** @returns what it said. @throws {Error} if it failed */
  must(...words: readonly string[]): string {
    const { code, stdout, stderr } = this.call(...words)
    if (code !== 0) throw new Error(`${words.join(' ')}: exit code ${code}: ${stderr.slice(-SAID)}`)
    return stdout
  }

  create(id: string, ...flags: readonly string[]): string {
    return this.must('create', '--bundle', this.dirOf(id), ...flags, id)
  }

  /** A container that runs. @returns its id */
  started(change: Change = {}): string {
    const id = this.bundle(change)
    this.create(id)
    this.must('start', id)
    return id
  }

  /** create, start, wait, delete. */
  run(change: Change = {}, options: CallOptions = {}): Result {
    const id = this.bundle(change)
    return this.callWith(options, 'run', '--bundle', this.dirOf(id), id)
  }

  state(id: string): State {
    return JSON.parse(this.must('state', id)) as State
  }

  async stopped(id: string): Promise<void> {
    const { pid } = this.state(id)
    await until(`${id} ends`, () => pid === undefined || !isAlive(pid))
  }

  /** Those that somebody called for and that still live, monitors among them. */
  callers(): number[] {
    return processes({ ...this.group, path: `${this.group.path}/caller` }).filter(isAlive)
  }

  /** Names of the groups of containers. */
  groups(): string[] {
    return below(this.group).filter((name) => name !== 'caller')
  }

  /** What is there of containers, each as a line. Monitors and callers end a moment later than what they wait for. */
  async left(): Promise<string[]> {
    const deadline = Date.now() + LIMIT / 4
    while (this.callers().length > 0 && Date.now() < deadline) await pause(2)
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    return [
      ...this.callers().map((pid) => `process: ${describe(pid)}`),
      ...(existsSync(this.root) ? readdirSync(this.root).map((name) => `state: ${name}`) : []),
      ...this.groups().map((path) => `cgroup: ${path}`),
      ...mounts.split('\n').filter((line) => !this.#mounts.includes(line)).map((line) => `mount: ${line}`),
    ]
  }

  /** @throws {Error} naming what is left behind the containers that were not deleted */
  async end(): Promise<void> {
    const ids = existsSync(this.root) ? readdirSync(this.root) : []
    for (const id of ids) this.call('delete', '--force', id)
    const left = await this.left()
    await remove(this.group)
    removeIfEmpty({ ...this.group, path: '/pocker' })
    rmSync(this.dir, { recursive: true, force: true })
    if (left.length > 0) throw new Error(`left behind: ${left.join('; ')}`)
  }
}

/** Others may have groups in it. */
function removeIfEmpty({ tree, path }: Group): void {
  for (const root of roots(tree)) {
    try {
      rmdirSync(join(root, path))
    } catch (error) {
      if (!['EBUSY', 'ENOENT', 'ENOTEMPTY'].includes(String((error as NodeJS.ErrnoException).code))) throw error
    }
  }
}

function cleanEnv(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env
  return { ...env, ...more }
}

/** Whether it is there, and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

export function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended
  }
}

function describe(pid: number): string {
  try {
    return `${pid} ${readlinkSync(`/proc/${pid}/exe`)} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`
  } catch {
    return `${pid}, which has ended since`
  }
}
