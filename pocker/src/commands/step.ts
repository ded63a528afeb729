// pocker step: a container made one system call at a time, and what each changed in the kernel.
import { createInterface } from 'node:readline'
import { changes, errnoText, exitCode, formatCall, observe, reason, Stepper, type View } from '@pocker/syscalls'
import type { Command } from 'commander'
import pc from 'picocolors'
import { containerCommand, findImage, toPlan, type Options } from '../container.ts'
import { ensureRootfs } from './run.ts'

export function addStep(program: Command): void {
  program.command('step')
    .summary('make a container one system call at a time')
    .helpOption('--help', 'show this help')
    .enablePositionalOptions()
    .addCommand(containerCommand('run').summary('`pocker run`, step by step').action(step))
}

async function step(name: string, words: string[], options: Options): Promise<void> {
  const image = findImage(name)
  const plan = toPlan(image, words, options)
  await ensureRootfs(image, name)
  const stepper = new Stepper(plan)
  const keys = new Keys()
  try {
    console.log(pc.dim('Enter: the next step · c: all the rest · q: stop here'))
    await walk(stepper, keys)
  } finally {
    keys.close()
    stepper.stop()
  }
  process.exitCode = exitCode(await stepper.wait())
}

async function walk(stepper: Stepper, keys: Keys): Promise<void> {
  const total = stepper.total
  let view = observe(stepper.pid)
  for (let n = 1; stepper.upcoming; n++) {
    const { upcoming } = stepper
    console.log(`${pc.dim(`${n}/${total}`.padStart(6))} ${pc.cyan(upcoming.by.padEnd(10))} ${pc.bold(formatCall(upcoming))}`)
    console.log(`${' '.repeat(18)}${pc.dim(reason(upcoming))}`)
    if (await keys.next() === 'q') return
    if (upcoming.call === 'execve') keys.close() // from here on, standard input is the program's
    const { result } = await stepper.next()
    const now = tryObserve(stepper.pid)
    console.log(`${' '.repeat(18)}= ${answer(result.value)}`)
    for (const change of now ? changes(view, now) : []) console.log(`${' '.repeat(18)}${pc.green(change)}`)
    view = now ?? view
  }
}

function answer(value: bigint | undefined): string {
  if (value === undefined) return 'the program runs'
  if (value >= 0n) return String(value)
  const { name, text } = errnoText(Number(-value))
  return `${name} (${text}), and the list goes on`
}

/** @returns undefined if the process has ended meanwhile */
function tryObserve(pid: number): View | undefined {
  try {
    return observe(pid)
  } catch {
    return undefined
  }
}

type Key = 'next' | 'q'

/** What the user types, a line at a time. The end of the input means q. */
class Keys {
  readonly #input = createInterface({ input: process.stdin, terminal: false })
  readonly #lines = this.#input[Symbol.asyncIterator]()
  #all = false
  #closed = false

  async next(): Promise<Key> {
    if (this.#all || this.#closed) return 'next'
    const { done, value } = await this.#lines.next()
    if (done || value.trim() === 'q') return 'q'
    this.#all = value.trim() === 'c'
    return 'next'
  }

  close(): void {
    this.#closed = true
    this.#input.close()
    process.stdin.pause()
  }
}
