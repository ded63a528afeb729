// What is known of each container, on disk: a directory with its name, below the root of all.
//
//   ROOT/ID/state.json    who it is, and which process           config.json  what it was made of
//   ROOT/ID/start report  named pipes: go, and how far it came   exit         how it ended, as wait4 tells it
//   ROOT/ID/arena         the list of its monitor, so that `start` can read which step failed
//
// Invariant: a directory without a state.json is half made or half deleted, and holds nothing that runs: state.json is there
// before anything is made of the container, and goes last.
import {
  closeSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { call, SpecError } from '@pocker/syscalls'
import { lockAlone } from '../calls.ts'
import { readSpec } from '../spec/read.ts'
import type { Spec } from '../spec/schema.ts'

/** A process, and when it began, so that its number is not taken for another's. */
export interface Process {
  readonly pid: number
  readonly start: string
}

export interface Stored {
  readonly id: string
  readonly ociVersion: string
  /** Absolute, both. */
  readonly bundle: string
  readonly rootfs: string
  /** ISO 8601. */
  readonly created: string
  readonly annotations: Readonly<Record<string, string>>
  /** Its cgroup below each hierarchy, if it has one. */
  readonly cgroup?: string
  readonly creator: Process
  /** Once it is made. */
  readonly process?: Process
  readonly monitor?: Process
  readonly mapsWrittenBy: 'root' | 'owner' | 'newuidmap'
}

const ID = /^[A-Za-z0-9_+.-]{1,1024}$/

/** @throws {SpecError} */
export function checkId(id: string): string {
  if (ID.test(id) && id !== '.' && id !== '..') return id
  throw new SpecError(`container id: expected letters, digits and _ + - . only, got ${JSON.stringify(id)}`)
}

const unknown = (id: string): SpecError => new SpecError(`container ${JSON.stringify(id)} does not exist`)
const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code))

/** Whoever reads it meanwhile sees all of it, or what was there before. */
export function writeWhole(path: string, text: string, options: { readonly mode?: number } = {}): void {
  writeFileSync(`${path}.new`, text, options)
  renameSync(`${path}.new`, path)
}

export class Store {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  /** @returns where a file of a container is */
  path(id: string, file = ''): string {
    return join(this.root, checkId(id), file)
  }

  /** @throws {SpecError} if there is one of this name */
  add(id: string): void {
    mkdirSync(this.root, { recursive: true, mode: 0o700 })
    try {
      mkdirSync(this.path(id), { mode: 0o711 })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      throw new SpecError(`container ${JSON.stringify(id)} exists already; try: pocker oci delete ${id}`, { cause: error })
    }
  }

  /** @throws {SpecError} if there is none */
  read(id: string): Stored {
    const found = this.readIfThere(id)
    if (!found) throw unknown(id)
    return found
  }

  /** Half-made ones have none. */
  readIfThere(id: string): Stored | undefined {
    try {
      return JSON.parse(readFileSync(this.path(id, 'state.json'), 'utf8')) as Stored
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** It says which processes there are, so it need not outlive a crash of the machine: no fsync. */
  write(stored: Stored): void {
    writeWhole(this.path(stored.id, 'state.json'), `${JSON.stringify(stored)}\n`, { mode: 0o600 })
  }

  config(id: string): Spec {
    return readSpec(readFileSync(this.path(id, 'config.json'), 'utf8'))
  }

  /** All that there are, half-made ones too. */
  ids(): string[] {
    try {
      return readdirSync(this.root).filter((name) => ID.test(name))
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  }

  /**
   * Holds a container for one who changes it; others wait.
   * @throws {SpecError} if there is none, or it went while we waited
   */
  async locked<T>(id: string, body: () => Promise<T> | T): Promise<T> {
    const fd = this.#open(id)
    try {
      call(lockAlone(fd))
      if (!this.#isStill(id, fd)) throw unknown(id)
      return await body()
    } finally {
      closeSync(fd)
    }
  }

  #open(id: string): number {
    try {
      return openSync(this.path(id), 'r')
    } catch (error) {
      if (isMissing(error)) throw unknown(id)
      throw error
    }
  }

  #isStill(id: string, fd: number): boolean {
    try {
      return statSync(this.path(id)).ino === fstatSync(fd).ino
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    }
  }

  /** state.json goes last. */
  remove(id: string): void {
    const names = readdirSync(this.path(id)).filter((name) => name !== 'state.json')
    for (const name of [...names, 'state.json', '']) rmSync(this.path(id, name), { recursive: true, force: true })
  }
}
