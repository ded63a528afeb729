// A process of its own that touches the files of one directory, and can touch no others: that directory is its root.
//
//   const tree = inTree({ verb: 'unpack', directory, notation: 'overlay' })
//   tree.input, tree.output   its streams        await tree.ended   → { entries, bytes }
//
// Invariant: when this process dies, that one ends soon: its input ends, or nobody takes its output.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { ArchiveError } from '../tar/entry.ts'
import type { Applied } from './apply.ts'
import type { Notation } from './whiteout.ts'

export interface Order {
  readonly verb: 'unpack' | 'pack' | 'list'
  readonly directory: string
  readonly notation: Notation
  /** A file to read instead of `input`: then no byte of it need pass through here. */
  readonly file?: string
  readonly most?: number
  /** The directories of the layers below, the uppermost first. */
  readonly lowers?: readonly string[]
  /** The descriptor of a lock, which must not be free while that process is at work, though this one may be dead. */
  readonly lock?: number
}

interface Tree {
  /** Null if it reads a file. */
  readonly input: Writable | null
  readonly output: Readable
  /** @throws {ArchiveError} what it said was wrong */
  readonly ended: Promise<Applied>
  readonly kill: () => void
  /** Bytes of `file` that it has read so far. */
  readonly position: () => number
}

export function inTree({ verb, directory, notation, file, most = Infinity, lowers = [], lock }: Order): Tree {
  const given = file === undefined ? 'pipe' : openSync(file, 'r')
  const words = [program(), verb, directory, notation, String(most), ...lowers]
  const child = spawn(process.execPath, words, { stdio: [given, 'pipe', 'inherit', 'pipe', lock ?? 'ignore'] })
  if (typeof given === 'number') closeSync(given)
  const [input, output, , answers] = child.stdio as unknown as [Writable | null, Readable, null, Readable]
  let text = ''
  answers.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
  input?.on('error', () => {}) // it has ended, and says why
  const ended = (async () => {
    const [code, signal] = await once(child, 'close') as [number | null, string | null]
    const told = text !== '' ? JSON.parse(text) as { error?: string }
      : { error: `the process that was to ${verb} ended with ${signal ?? code}` }
    if (told.error !== undefined) throw new ArchiveError(told.error.replace(/^archive: /, ''))
    return told as Applied
  })()
  ended.catch(() => {}) // whoever waits for it hears of it
  return { input, output, ended, kill: () => child.kill('SIGKILL'), position: () => positionOf(child.pid) }
}

/** @see proc_pid_fdinfo(5) */
function positionOf(pid: number | undefined): number {
  try {
    return Number(/^pos:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/0`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0 // it has ended
  }
}

/** Beside the sources, or a bundle of them: of the chapter, or of the tool. */
function program(): string {
  const places = ['../../bin/tree.mjs', '../bin/tree.mjs', './tree.mjs']
  const candidates = places.map((path) => fileURLToPath(new URL(path, import.meta.url)))
  return candidates.find((path) => existsSync(path)) ?? candidates[0] as string
}
