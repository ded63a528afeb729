// Runs the console blocks of a lesson, all of them in one fresh container, in one bash, and compares.
//
//   for await (const run of runLesson(lesson, { repository })) …   → one after the other: time, answers, failures
//   formatFailure(lesson.file, failure)                            → lines for people
//
// Invariant: when the loop ends, however it ends, the container is gone.
import { performance } from 'node:perf_hooks'
import { eachBlock, type Block, type Lesson } from './lesson.ts'
import { openShell, ShellEnded, type Shell, type ShellOptions } from './shell.ts'
import { linesOf, mismatch, transcript, type Exchange, type Mismatch } from './transcript.ts'

export interface Failure { readonly exchange: Exchange; readonly mismatch: Mismatch }

export interface BlockRun {
  readonly block: Block
  readonly milliseconds: number
  /** What each command really wrote. */
  readonly answers: readonly { readonly exchange: Exchange; readonly output: string }[]
  readonly failures: readonly Failure[]
}

export interface Limits {
  /** Milliseconds for a command, and for all of the lesson. */
  readonly command: number
  readonly lesson: number
}
export const LIMITS: Limits = { command: 60_000, lesson: 600_000 }

/**
 * @throws {SpecError} if a block is no terminal session: before anything runs
 * @throws {StartError} if the container cannot be made
 */
export async function* runLesson(
  lesson: Lesson, { limits = LIMITS, ...options }: Omit<ShellOptions, 'needs'> & { limits?: Limits },
): AsyncGenerator<BlockRun> {
  const blocks = eachBlock(lesson, 'console').map((block) => ({ block, exchanges: transcript(lesson.file, block) }))
  if (blocks.length === 0) return
  const end = performance.now() + limits.lesson
  const limit = (): number => Math.max(1, Math.min(limits.command, end - performance.now()))
  const shell = await openShell({ ...options, needs: lesson.needs })
  try {
    for (const { block, exchanges } of blocks) {
      const run = await runBlock(shell, block, exchanges, limit)
      yield run.result
      if (run.ended) return
    }
  } finally {
    await shell.close()
  }
}

async function runBlock(
  shell: Shell, block: Block, exchanges: readonly Exchange[], limit: () => number,
): Promise<{ result: BlockRun; ended: boolean }> {
  const start = performance.now()
  const answers: { exchange: Exchange; output: string }[] = []
  const failures: Failure[] = []
  const result = (): BlockRun => ({ block, milliseconds: performance.now() - start, answers, failures })
  for (const exchange of exchanges) {
    try {
      const { output } = await shell.run(exchange.command, limit())
      answers.push({ exchange, output })
      const found = mismatch(exchange.expected, output)
      if (found) failures.push({ exchange, mismatch: found })
    } catch (error) {
      if (!(error instanceof ShellEnded)) throw error
      failures.push({ exchange, mismatch: { ...unanswered(exchange, error.output), got: error.message } })
      return { result: result(), ended: true }
    }
  }
  return { result: result(), ended: false }
}

const unanswered = ({ line, expected }: Exchange, output: string): Omit<Mismatch, 'got'> => ({
  line,
  expected: 'the command to end, and the next ones to run',
  missing: expected.map(({ text }) => text),
  surplus: linesOf(output),
})

/** How many lines of each side are shown. */
const CONTEXT = 8

/** @returns one line with the place, expected and got; below it the command and a small diff */
export function formatFailure(file: string, { exchange, mismatch: found }: Failure): string {
  const side = (sign: string, lines: readonly string[]): string[] => [
    ...lines.slice(0, CONTEXT).map((line) => `  ${sign} ${line}`),
    ...(lines.length > CONTEXT ? [`  ${sign} … ${lines.length - CONTEXT} more lines`] : []),
  ]
  return [
    `${file}:${found.line ?? exchange.line}: expected ${found.expected}, got ${found.got}`,
    ...exchange.command.split('\n').map((line, i) => `  ${i === 0 ? '$' : '>'} ${line}`),
    ...side('-', found.missing),
    ...side('+', found.surplus),
  ].join('\n')
}
