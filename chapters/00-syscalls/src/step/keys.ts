// What the user says between two steps, a line at a time.
//
//   await new Pilot().goOn(rest)   → true: make the next step; false: stop here
//
// Invariant: no byte more is taken from standard input than the lines that were asked for; the rest is the program's.
import { readSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import type { Step } from '../data/isolation.ts'
import { SYSCALLS } from '../data/table.ts'
import pc from 'picocolors'

/** Who decides, before each step. */
export interface Steering {
  /** @param rest the steps that are left, the next one first */
  goOn(rest: readonly Step[]): Promise<boolean>
}

/** For --json. */
export const everything: Steering = { goOn: () => Promise.resolve(true) }

const HELP = `Enter   make this call
c       make all the rest
b NAME  make the calls before the next NAME: b execve
q       stop here, and the container is gone; so do Ctrl-C and the end of the input`

const PROMPT = 'Enter · c · b NAME · q · ?  › '

export class Pilot implements Steering {
  /** So many steps are made without a question. */
  #skip = 0
  // Not process.stdin: to look at it would make a pipe non-blocking, for the container too.
  readonly #terminal = isatty(0)
  readonly #prompts = isatty(0) && isatty(1)

  async goOn(rest: readonly Step[]): Promise<boolean> {
    while (this.#skip === 0) {
      const line = await this.#ask()
      const [word = '', name = ''] = line?.trim().split(/\s+/) ?? ['q']
      if (word === 'q') return false
      if (word === '') break
      if (word === 'c') this.#skip = rest.length
      else if (word === 'b') this.#skip = this.#stepsBefore(name, rest)
      else this.#say(word === '?' ? HELP : `expected Enter, c, b NAME, q or ?, got ${word}`)
    }
    this.#skip = Math.max(0, this.#skip - 1)
    return true
  }

  /** @returns how many steps come before the next call of that name; 0 if there is none, which is said */
  #stepsBefore(name: string, rest: readonly Step[]): number {
    const at = rest.findIndex(({ call }, i) => i > 0 && call === name)
    if (at < 0) this.#say(noSuchCall(name, rest.slice(1)))
    return Math.max(0, at)
  }

  #say(text: string): void {
    for (const line of text.split('\n')) writeSync(1, `${pc.yellow(`  ${line}`)}\n`)
  }

  async #ask(): Promise<string | undefined> {
    if (!this.#terminal) return pipeLine()
    if (this.#prompts) writeSync(1, pc.dim(PROMPT))
    const line = await terminalLine()
    // The question, and the echo of the answer, make room for what came of it.
    if (this.#prompts) writeSync(1, `${line === undefined ? '' : '\x1b[1A'}\r\x1b[J`)
    return line
  }
}

function noSuchCall(name: string, later: readonly Step[]): string {
  if (name === '') return 'b: expected the name of a system call, such as b execve'
  if (Object.hasOwn(SYSCALLS, name)) return `${name}: not among the ${later.length} calls after this one`
  return `${name}: no such system call; did you mean ${nearest(name, Object.keys(SYSCALLS))}?`
}

const nearest = (word: string, names: readonly string[]): string =>
  names.reduce((best, name) => (distance(word, name) < distance(word, best) ? name : best))

/** How many letters must be put in, taken out or replaced (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const above = row
    row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(replaced, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
  }
  return row.at(-1) ?? 0
}

/** Byte by byte, as a shell reads its script: what comes behind the line is not ours. @returns undefined at the end */
function pipeLine(): string | undefined {
  const byte = Buffer.alloc(1)
  const line: number[] = []
  while (readSync(0, byte) === 1) {
    if (byte[0] === 0x0a) return Buffer.from(line).toString()
    line.push(byte[0] ?? 0)
  }
  return undefined
}

/** A terminal gives one line for each read. @returns undefined at the end, and after Ctrl-C */
function terminalLine(): Promise<string | undefined> {
  const { stdin } = process
  return new Promise((resolve) => {
    let text = ''
    const finish = (line?: string): void => {
      stdin.off('data', more).off('end', stop)
      process.off('SIGINT', stop)
      stdin.pause()
      resolve(line)
    }
    const more = (chunk: Buffer): void => {
      text += chunk.toString()
      if (text.endsWith('\n')) finish(text)
    }
    const stop = (): void => finish()
    process.on('SIGINT', stop)
    stdin.on('data', more).on('end', stop).resume()
  })
}
