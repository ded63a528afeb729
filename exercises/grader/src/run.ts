// A class is graded: many submissions, by as many processes at a time as asked for.
//
//   await run(submitted, course, { out, jobs, … })   → Result of each, every one in out/results/ as soon as it is there
//   submissions(folder)                              → the folders below it
//   share(all, '2/4')                                → every fourth, from the second on
//
// Each process grades one submission at a time, so whatever a submission does to the process that grades it, another's
// result is not there. A process that ends or hangs is replaced, its submission tried once more, and then called an error.
// Invariant: what is in out/results/ was graded with these versions, or is graded again; nothing else is lost or done twice.
import { fork, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SpecError } from '@pocker/syscalls'
import { begin, kept, save } from './book.ts'
import { sweep } from './fence.ts'
import { take } from './handed.ts'
import { faulty, type Course, type Submitted } from './one.ts'
import type { Result } from './result.ts'

export interface RunOptions {
  readonly out: string
  readonly jobs: number
  /** For one call of an answer's function. */
  readonly seconds: number
  /** Which exercises, as the command line said it. */
  readonly only?: string
  /** Grades what has a result, too. */
  readonly force?: boolean
  /** For a submission, in seconds; beyond it, the process that grades it is ended. */
  readonly deadline?: number
  readonly signal?: AbortSignal
  readonly onResult?: (result: Result, progress: Progress) => void
}

export interface Progress { readonly done: number; readonly of: number; readonly reused: boolean }

const COMMAND = fileURLToPath(new URL('../bin/grade.mjs', import.meta.url))
const TRIES = 2
/** Seconds: no submission of the whole course takes as long. */
const DEADLINE = 1800

/** @throws {SpecError} if there is no such folder, or none in it */
export function submissions(folder: string): Submitted[] {
  mustBeFolder(folder, '--all: expected a folder of submissions')
  const found = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name).toSorted()
  if (found.length === 0) throw new SpecError(`--all: expected a folder for each submission in ${folder}, got none`)
  const unreadable = found.find((name) => !existsSync(join(folder, name)))
  if (unreadable !== undefined) throw new SpecError(`--all: expected names in UTF-8, got ${unreadable} in ${folder}: rename it`)
  return found.map((name) => ({ name, folder: join(folder, name) }))
}

/** @throws {SpecError} that begins with what was expected */
export function mustBeFolder(path: string, expected: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found?.isDirectory()) throw new SpecError(`${expected}, got ${path}, which ${found ? 'is none' : 'does not exist'}`)
}

/** @param part `i/n`, from 1 to n. @throws {SpecError} */
export function share<T>(all: readonly T[], part: string): T[] {
  const [, i = 0, n = 0] = (/^(\d+)\/(\d+)$/.exec(part) ?? []).map(Number)
  if (!(i >= 1 && i <= n)) throw new SpecError(`--shard: expected i/n with i from 1 to n, such as 2/4, got ${part}`)
  return all.filter((_, at) => at % n === i - 1)
}

interface Task { readonly submitted: Submitted; readonly digest: string; tries: number }

export async function run(submitted: readonly Submitted[], course: Course, options: RunOptions): Promise<Result[]> {
  const { out, jobs, force = false, onResult = () => {}, signal } = options
  await sweep(isAlive)
  begin(out)
  const finished: Result[] = []
  const tasks: Task[] = []
  const finish = (result: Result, reused: boolean): void => {
    finished.push(result)
    onResult(result, { done: finished.length, of: submitted.length, reused })
  }
  for (const one of submitted) {
    const digest = digestOf(one, course)
    const before = force ? undefined : kept(out, one.name, { submission: digest, ...course.versions })
    before ? finish(before, true) : tasks.push({ submitted: one, digest, tries: 0 })
  }
  const next = (): Task | undefined => (signal?.aborted ? undefined : tasks.shift())
  const hand = async (): Promise<void> => {
    let grader = tasks.length > 0 ? start(options) : undefined
    for (let task = next(); task; task = next()) {
      grader ??= start(options)
      const outcome = await gradedBy(grader, task, options)
      if ('result' in outcome) {
        save(out, outcome.result)
        finish(outcome.result, false)
        continue
      }
      await ended(grader)
      grader = undefined
      if (signal?.aborted) break
      if (++task.tries < TRIES) tasks.unshift(task)
      else {
        const result = faulty(task.submitted.name, task.digest, course, outcome.fault)
        save(out, result)
        finish(result, false)
      }
    }
    if (grader) await ended(grader)
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(jobs, tasks.length)) }, hand))
  return finished.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** What is graded is digested again by who grades it; this one only says whether it is needed. */
function digestOf({ folder }: Submitted, { exercises }: Course): string {
  const handed = take(folder, exercises)
  handed.close()
  return handed.digest
}

function start({ seconds, only }: RunOptions): ChildProcess {
  const words = ['worker', '--seconds', String(seconds), ...(only === undefined ? [] : ['--only', only])]
  return fork(COMMAND, words, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

type Outcome = { readonly result: Result } | { readonly fault: string }

function gradedBy(grader: ChildProcess, { submitted }: Task, { deadline = DEADLINE, signal }: RunOptions): Promise<Outcome> {
  return new Promise((resolve) => {
    const done = (outcome: Outcome): void => {
      clearTimeout(timer)
      grader.off('message', onMessage).off('exit', onExit).off('error', onError)
      signal?.removeEventListener('abort', onAbort)
      resolve(outcome)
    }
    const onMessage = (message: Partial<Result> & { failed?: string; ready?: true }): void => {
      if (message.ready) grader.send(submitted)
      else done(message.failed === undefined ? { result: message as Result } : { fault: `the grader failed: ${message.failed}` })
    }
    const onExit = (code: number | null, by: string | null): void => done({ fault: `the grader ended with ${by ?? code}` })
    const onError = (error: Error): void => done({ fault: `the grader cannot be started: ${error.message}` })
    const onAbort = (): void => done({ fault: 'interrupted' })
    const timer = setTimeout(() => done({ fault: `the grader took longer than ${deadline} s` }), deadline * 1000)
    grader.on('message', onMessage).on('exit', onExit).on('error', onError)
    signal?.addEventListener('abort', onAbort)
    if (known.has(grader)) grader.send(submitted)
    else known.add(grader) // it says when it is ready
  })
}

/** Those that have been given work before. */
const known = new WeakSet<ChildProcess>()

/** Asks it to end, and makes it. Its containers die with it; its groups are removed here if it could not. */
async function ended(grader: ChildProcess): Promise<void> {
  const { pid } = grader
  if (grader.exitCode === null && grader.signalCode === null) {
    const gone = new Promise((resolve) => grader.once('exit', resolve))
    const timer = setTimeout(() => grader.kill('SIGKILL'), PATIENCE)
    if (grader.connected) grader.disconnect()
    await gone
    clearTimeout(timer)
  }
  await sweep((other) => other !== pid)
}

/** Milliseconds that a process has to tidy up. */
const PATIENCE = 3000

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
