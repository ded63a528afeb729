// `course live NN/name`: a lecturer's way from the starter to the solution, written into the answer's file step by step.
//
//   await live('02/hostname')   → an exit code, when q is pressed
//
// The editor beside it shows the file; this terminal shows what to say, what changed, and what grader and kernel say.
// Invariant: the file always holds one of the steps, unless the lecturer types into it; what was there before, and what was
// typed, is kept as NAME.ts.mine-1, -2, …
import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { ExerciseResult, Found } from '@pocker/grader'
import { SpecError } from '@pocker/syscalls'
import { eachCheck } from '../checks.ts'
import { difference, type Changed } from '../difference.ts'
import {
  answerFile, answerName, courseRoot, gradeAnswer, oneExercise, replaceAnswer, solutionFile, starterOf, textOf,
} from '../work.ts'
import { Latest } from '../watch/latest.ts'
import { isTerminal, openTerminal, type Terminal } from '../watch/terminal.ts'
import { kernelLines } from './kernel.ts'
import { liveFrame, type LivePage, type LiveState } from './view.ts'
import { stepsOf, type Step } from './steps.ts'

export async function live(wanted: string): Promise<number> {
  const root = courseRoot()
  const exercise = await oneExercise(root, wanted)
  const solution = solutionFile(root, exercise)
  if (!existsSync(solution)) throw new SpecError('live: the solutions are not in this copy of the course')
  const steps = stepsOf(starterOf(root, exercise), readFileSync(solution, 'utf8'))
  if (!isTerminal()) {
    for (const { why } of steps) console.log(`- ${why.join('\n  ')}`)
    return 0
  }
  return new Lecture(root, exercise, steps).end
}

/** The same at each step, so that what the kernel says can be compared. */
const TOKENS = 'live'

class Lecture {
  readonly #root: string
  readonly #exercise: Found
  readonly #steps: readonly Step[]
  readonly #file: string
  readonly #terminal: Terminal
  readonly #grading = new Latest<void>(() => this.#grade())
  #at = 0
  #page: LivePage = 'step'
  #scroll = 0
  #notice = ''
  #result: ExerciseResult | undefined
  /** What the kernel said, by the step at which it was asked; empty if no container came of it. */
  readonly #kernel = new Map<number, string>()
  #ending = false
  readonly end: Promise<number>
  #resolve: (code: number) => void = () => {}

  constructor(root: string, exercise: Found, steps: readonly Step[]) {
    this.#root = root
    this.#exercise = exercise
    this.#steps = steps
    this.#file = answerFile(root, exercise)
    const now = textOf(this.#file)
    const at = steps.findIndex(({ text }) => text === now) // a lecture that was broken off goes on
    this.end = new Promise((resolve) => { this.#resolve = resolve })
    this.#terminal = openTerminal({ key: (name) => this.#key(name), resized: () => this.#draw(), ended: () => void this.#quit() })
    this.#go(Math.max(0, at))
  }

  #state(): LiveState {
    return {
      name: answerName(this.#exercise), steps: this.#steps, at: this.#at, page: this.#page, scroll: this.#scroll,
      changes: this.#changes(), result: this.#result, grading: this.#grading.busy, notice: this.#notice,
    }
  }

  #changes(): Changed[] {
    const text = (at: number): string => this.#steps[at]?.text ?? ''
    if (this.#page === 'diff') return difference(textOf(this.#file), text(this.#at))
    if (this.#page !== 'kernel') return difference(text(this.#at - 1), text(this.#at))
    const now = this.#kernel.get(this.#at) ?? ''
    const before = [...this.#kernel].filter(([at, said]) => at < this.#at && said).toSorted(([a], [b]) => b - a)[0]?.[1]
    return difference(now && (before ?? now), now)
  }

  #draw(): void {
    if (this.#ending) return
    const { lines, scroll } = liveFrame(this.#state(), this.#terminal.size)
    this.#scroll = scroll
    this.#terminal.draw(lines)
  }

  /** Writes a step into the file. */
  #go(at: number): void {
    if (at < 0 || at >= this.#steps.length) return this.#show('step', at < 0 ? 'This is the starter.' : 'This was the last step.')
    const kept = replaceAnswer(this.#file, this.#steps[at]?.text ?? '', (old) => this.#steps.some(({ text }) => text === old))
    this.#at = at
    this.#result = undefined
    this.#show('step', kept ? `what was typed is in ${basename(kept)}` : '')
  }

  #show(page: LivePage, notice = ''): void {
    this.#page = page
    this.#scroll = 0
    this.#notice = notice
    this.#draw()
  }

  #key(name: string): void {
    const keys: Readonly<Record<string, () => void>> = {
      n: () => this.#go(this.#at + 1), right: () => this.#go(this.#at + 1), pagedown: () => this.#go(this.#at + 1),
      b: () => this.#go(this.#at - 1), left: () => this.#go(this.#at - 1), pageup: () => this.#go(this.#at - 1),
      d: () => this.#show('diff'), s: () => this.#show('notes'), enter: () => this.#show('step'), escape: () => this.#show('step'),
      r: () => this.#go(this.#at), x: () => this.#go(0), q: () => void this.#quit(),
      c: () => this.#ask('check'), k: () => this.#ask('kernel'),
      up: () => this.#scrollBy(-1), down: () => this.#scrollBy(1),
    }
    keys[name.toLowerCase()]?.()
  }

  #ask(page: LivePage): void {
    this.#grading.ask()
    this.#show(page)
  }

  #scrollBy(lines: number): void {
    this.#scroll += lines
    this.#draw()
  }

  async #grade(): Promise<void> {
    const at = this.#at
    try {
      const said: string[] = [] // of the first container that a check made
      const watched = eachCheck(this.#exercise, (context) => ({
        ...context, run: async (...what) => {
          const seen = await context.run(...what)
          said.push(kernelLines(seen).join('\n'))
          return seen
        },
      }))
      const result = await gradeAnswer(this.#root, watched, TOKENS)
      this.#kernel.set(at, said[0] ?? '')
      if (at === this.#at) this.#result = result
    } catch (error) {
      this.#notice = `the grader failed: ${(error as Error).message}`
    } finally {
      setImmediate(() => this.#draw())
    }
  }

  async #quit(): Promise<void> {
    if (this.#ending) process.exit(1)
    this.#ending = true
    this.#terminal.close()
    await this.#grading.idle()
    console.log(`${answerName(this.#exercise)}: step ${this.#at} of ${this.#steps.length - 1}`)
    console.log(`npx course reset ${this.#exercise.id} brings the starter back`)
    this.#resolve(0)
  }
}
