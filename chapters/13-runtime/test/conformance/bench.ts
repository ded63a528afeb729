// Where the rows are tried: one runtime, a directory for its bundles, and a cgroup that all of theirs lie in.
//
//   const t = new Bench('runc', '/tmp/work', '/pocker/conformance-1')
//   const box = t.box((config) => { config.hostname = 'box' })
//   box.run()       box.create(); box.start(); box.state(); box.kill('TERM'); box.remove()
//
// Invariant: after tidy() nothing runs that a row has made.
import { spawnSync } from 'node:child_process'
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { baseConfig, type Config } from './config.ts'
import { call, type Name, type Result } from './runtimes.ts'
import type { Change } from './row.ts'

export interface State {
  readonly ociVersion: string
  readonly id: string
  readonly status: string
  readonly pid?: number
  readonly bundle: string
  readonly annotations?: Readonly<Record<string, string>>
}

const LIMIT_MS = 30_000
const STEP_MS = 5
const wait = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

/** Asks again until it is so. */
export function until(what: string, isSo: () => boolean): void {
  const end = Date.now() + LIMIT_MS
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`)
    wait(STEP_MS)
  }
}

export function host(program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`)
  return stdout
}

export class Bench {
  readonly name: Name
  readonly dir: string
  readonly group: string
  readonly #rootfs: string
  readonly #boxes: Box[] = []
  readonly #seen = new Map<object, { readonly value: unknown } | { readonly error: unknown }>()

  constructor(name: Name, dir: string, group: string, rootfs: string) {
    this.name = name
    this.dir = dir
    this.group = group
    this.#rootfs = join(dir, 'base')
    host('cp', '-a', rootfs, this.#rootfs)
  }

  /** What several rows look at is made once. */
  once<T>(key: object, make: () => T): T {
    const seen = this.#seen.get(key) ?? this.#made(key, make)
    if ('error' in seen) throw seen.error
    return seen.value as T
  }

  #made(key: object, make: () => unknown): { readonly value: unknown } | { readonly error: unknown } {
    let made: { readonly value: unknown } | { readonly error: unknown }
    try {
      made = { value: make() }
    } catch (error) {
      made = { error }
    }
    this.#seen.set(key, made)
    return made
  }

  /** A bundle with a root file system of its own. */
  box(change: Change = () => {}): Box {
    const id = `c${this.#boxes.length}`
    const box = new Box(this, id)
    mkdirSync(box.bundle)
    host('cp', '-al', this.#rootfs, box.rootfs)
    chmodSync(box.rootfs, 0o755)
    const config = baseConfig(box.group)
    change(config, this, box)
    box.write(config)
    this.#boxes.push(box)
    return box
  }

  tidy(): void {
    for (const box of this.#boxes) {
      const { pid } = box.stateIfThere() ?? {}
      if (box.isThere()) box.call('delete', '--force')
      if (pid && isAlive(pid)) process.kill(pid, 'SIGKILL')
      if (pid) box.stopped(pid)
    }
  }
}

/** Whether it is there, and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** A container, from its bundle on. */
export class Box {
  readonly id: string
  readonly bundle: string
  readonly rootfs: string
  readonly group: string
  readonly #bench: Bench

  constructor(bench: Bench, id: string) {
    this.#bench = bench
    this.id = id
    this.bundle = join(bench.dir, id)
    this.rootfs = join(this.bundle, 'rootfs')
    this.group = `${bench.group}/${id}`
  }

  write(config: Config): void {
    writeFileSync(join(this.bundle, 'config.json'), JSON.stringify(config))
  }

  call(verb: string, ...flags: string[]): Result {
    return call(this.#bench.name, this.#bench.dir, [verb, ...flags, this.id])
  }

  /** The output of the container goes into a file. */
  #making(verb: string, flags: readonly string[], more: readonly number[] = []): Result {
    const [outPath, errorPath] = [join(this.bundle, 'out'), join(this.bundle, 'error')]
    const [out, error] = [openSync(outPath, 'w'), openSync(errorPath, 'w')]
    const { code } = call(this.#bench.name, this.#bench.dir, [verb, '--bundle', this.bundle, ...flags, this.id], { out, error, more })
    closeSync(out)
    closeSync(error)
    return { code, stdout: readFileSync(outPath, 'utf8'), stderr: readFileSync(errorPath, 'utf8') }
  }

  create(...flags: string[]): Result {
    return this.#making('create', flags)
  }

  /** create, start, wait, delete */
  run(more: readonly number[] = []): Result {
    return this.#making('run', [], more)
  }

  start(): Result {
    return this.call('start')
  }

  kill(...signal: string[]): Result {
    return call(this.#bench.name, this.#bench.dir, ['kill', this.id, ...signal])
  }

  remove(...flags: string[]): Result {
    return this.call('delete', ...flags)
  }

  /** @throws {Error} if it must work, and does not */
  must(verb: 'create' | 'start' | 'remove'): this {
    const { code, stderr } = this[verb]()
    if (code !== 0) throw new Error(`${verb}: exit code ${code}: ${stderr.trim()}`)
    return this
  }

  state(): State {
    const { code, stdout, stderr } = this.call('state')
    if (code !== 0) throw new Error(`state: exit code ${code}: ${stderr.trim()}`)
    return JSON.parse(stdout) as State
  }

  stateIfThere(): State | undefined {
    try {
      return this.state()
    } catch {
      return undefined
    }
  }

  /** Runs to its end. */
  ended(): this {
    const { pid = 0 } = this.must('create').state()
    this.must('start').stopped(pid)
    return this
  }

  /** The process itself is asked, as that is quicker than any runtime. */
  stopped(pid: number): void {
    until(`${this.id} ends`, () => !isAlive(pid))
  }

  /** What its program wrote. */
  output(): string {
    return readFileSync(join(this.bundle, 'out'), 'utf8')
  }

  isThere(): boolean {
    return existsSync(join(this.#bench.dir, 'state', this.id))
  }

  hasGroup(): boolean {
    return existsSync(join('/sys/fs/cgroup', this.group))
  }
}

/** Takes away a group and those in it. */
export function removeGroups(path: string): void {
  if (!existsSync(path)) return
  for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) removeGroups(join(path, entry.name))
  rmdirSync(path)
}
