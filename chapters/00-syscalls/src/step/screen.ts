// The steps for a person: the number, who wants it, the call, why, the kernel's answer, and what changed.
//
//   3/20  uts       sethostname("box", 3)
//                   the container's own name
//                   = 0
//                   host name: laptop → box
import { writeSync } from 'node:fs'
import { reason } from '../data/explain.ts'
import { formatCall } from '../data/format.ts'
import type { Step } from '../data/isolation.ts'
import type { Syscall } from '../data/syscall.ts'
import { paramsOf } from '../data/table.ts'
import { errnoText } from '../errno.ts'
import { describe, type Change } from '../kernel/changes.ts'
import type { Exit } from '../kernel/wait.ts'
import pc from 'picocolors'
import type { Answer, Audience } from './walk.ts'

/** A lecture screen; a narrower terminal is respected. */
const COLUMNS = 100
const NARROWEST = 60
/** The number of a step takes so many columns. */
const NUMBER = 7

type Colour = (text: string) => string

export class Screen implements Audience {
  readonly #total: number
  readonly #verbose: boolean
  readonly #by: number
  readonly #columns = Math.max(NARROWEST, Math.min(COLUMNS, process.stdout.columns ?? COLUMNS))

  constructor(steps: readonly Step[], verbose: boolean) {
    this.#total = steps.length
    this.#verbose = verbose
    this.#by = Math.max(...steps.map(({ by }) => by.length))
  }

  made(clone: Syscall, pid: number, changes: readonly Change[]): void {
    print(pc.dim(`A process that waits before each of its ${this.#total} system calls.`))
    print(pc.dim('Enter: make the next · c: all the rest · b NAME: on to the next NAME · q: stop here · ?: help'))
    this.#call(0, 'clone', clone)
    this.#answer(pid)
    this.#changes(changes)
  }

  upcoming(n: number, step: Step): void {
    this.#call(n, step.by, step)
  }

  done(_: number, step: Step, answer: Answer, changes: readonly Change[], fatal?: true): void {
    if (answer === undefined) return // the program is writing by now
    const outcome = fatal ? ': the container ends' : step.mayFail ? ', and the list goes on' : ''
    this.#answer(answer, outcome)
    this.#changes(changes)
  }

  stopped(n: number): void {
    print(pc.dim(`stopped before step ${n}: the container is gone`))
  }

  ended({ code, signal }: Exit): void {
    print(pc.dim(`\nthe program ended: ${signal ?? `exit code ${code}`}`))
  }

  #call(n: number, by: string, call: Syscall): void {
    const number = pc.dim(`${n}/${this.#total}`.padStart(NUMBER))
    const [first = '', ...rest] = this.#wrap(this.#verbose ? formatCall(call) : shortCall(call))
    print(`${number}  ${pc.cyan(by.padEnd(this.#by))}  ${pc.bold(first)}`)
    for (const line of rest) this.#print(line, pc.bold)
    this.#lines([reason(call)], pc.dim)
  }

  #answer(value: number, outcome = ''): void {
    if (value >= 0) return this.#lines([`= ${value}`], String)
    const { name, text } = errnoText(-value)
    this.#lines([`= ${name} (${text})${outcome}`], pc.yellow)
  }

  #changes(changes: readonly Change[]): void {
    this.#lines(describe(changes), pc.green)
  }

  #lines(lines: readonly string[], colour: Colour): void {
    for (const line of lines.flatMap((line) => this.#wrap(line))) this.#print(line, colour)
  }

  get #indent(): number {
    return NUMBER + 2 + this.#by + 2
  }

  #print(line: string, colour: Colour): void {
    print(' '.repeat(this.#indent) + colour(line))
  }

  /** Lines that go on are set in by two columns. */
  #wrap(text: string): string[] {
    const width = this.#columns - this.#indent - 2
    return wrap(text, width).map((line, i) => (i === 0 ? line : `  ${line}`))
  }
}

/** At once, and not through a stream: that would make the descriptor non-blocking, for the container too. */
function print(line: string): void {
  writeSync(1, `${line}\n`)
}

/** The call with its environment folded, as strace does without -v. */
function shortCall(call: Syscall): string {
  const at = paramsOf(call).findIndex(({ name }) => name === 'envp')
  const envp = call.args[at]
  if (!Array.isArray(envp)) return formatCall(call)
  const text = formatCall({ ...call, args: call.args.with(at, []) })
  const place = text.lastIndexOf('[]')
  return `${text.slice(0, place)}[/* ${envp.length} vars */]${text.slice(place + 2)}`
}

/** Breaks at spaces; a word wider than the line behind one of its | / or , if it has any. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let rest = text
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width)
    const within = Math.max(...['|', '/', ','].map((mark) => rest.lastIndexOf(mark, width - 1))) + 1
    const end = space > 0 ? space : within || width
    lines.push(rest.slice(0, end))
    rest = rest.slice(end).trimStart()
  }
  return [...lines, rest]
}
