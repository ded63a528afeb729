// `course` without a word: shows the next exercise, grades it when its file is saved, and answers to keys.
//
//   await watchCourse(root)   → an exit code, when the student has pressed q
//
// Invariant: one grading at a time; what is shown belongs to the file as it was saved last. When it has ended, the terminal
// is as it was, and no sandbox is left.
import { existsSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import type { ExerciseResult, Found } from '@pocker/grader'
import { difference } from '../difference.ts'
import {
  entryOf, hasPassed, loadProgress, updateProgress, withHints, withResult, type Progress,
} from '../progress.ts'
import { seedOf } from '../seed.ts'
import { withoutMarkers } from '../live/steps.ts'
import { answerFile, answerName, gradeAnswer, inOrder, resetAnswer, solutionFile, statement, textOf } from '../work.ts'
import { Latest } from './latest.ts'
import { onSave } from './saves.ts'
import { openTerminal, type Terminal } from './terminal.ts'
import { frame, type Page, type State } from './view.ts'

export async function watchCourse(root: string): Promise<number> {
  const all = await inOrder(root)
  if (all.length === 0) {
    console.error(`course: expected exercises in ${root}/exercises, found none`)
    return 1
  }
  return new Watch(root, all).end
}

class Watch {
  readonly #root: string
  readonly #all: readonly Found[]
  readonly #terminal: Terminal
  readonly #grading: Latest<Found>
  readonly #results = new Map<string, ExerciseResult>()
  #progress: Progress
  #at: number
  #page: Page = 'exercise'
  #scroll = 0
  #notice = ''
  /** News that stays until the next key. */
  #sticky: string
  #stop = (): void => {}
  #ending = false
  /** Resolves with the exit code. */
  readonly end: Promise<number>
  #resolve: (code: number) => void = () => {}

  constructor(root: string, all: readonly Found[]) {
    this.#root = root
    this.#all = all
    const { progress, notice = '' } = loadProgress(root)
    this.#progress = progress
    this.#sticky = notice
    const open = all.findIndex(({ id }) => !entryOf(progress, id).passed)
    this.#at = Math.max(0, open)
    if (open < 0) this.#page = 'done'
    this.#grading = new Latest((exercise) => this.#grade(exercise))
    this.end = new Promise((resolve) => { this.#resolve = resolve })
    this.#terminal = openTerminal({
      key: (name) => this.#key(name), resized: () => this.#draw(), ended: () => void this.#quit(),
    })
    this.#enter()
  }

  get #exercise(): Found {
    return this.#all[this.#at] as Found
  }

  #state(): State {
    const result = this.#results.get(this.#exercise.id)
    return {
      all: this.#all, at: this.#at, file: answerName(this.#exercise), statement: statement(this.#root, this.#exercise),
      progress: this.#progress, page: this.#page, scroll: this.#scroll, grading: this.#grading.busy, result,
      notice: this.#sticky || this.#notice, solved: this.#isSolved(),
      diff: this.#page === 'diff' ? this.#difference() : [],
    }
  }

  #draw(): void {
    if (this.#ending) return
    const { lines, scroll } = frame(this.#state(), this.#terminal.size)
    this.#scroll = scroll
    this.#terminal.draw(lines)
  }

  #show(page: Page, notice = ''): void {
    this.#page = page
    this.#scroll = 0
    this.#notice = notice
    this.#draw()
  }

  /** Of an exercise: its folder is watched, and the answer graded as it is. */
  #enter(): void {
    this.#stop()
    const lost = (error: Error): void => {
      this.#sticky = `saving is not noticed here (${error.message}): press r`
      this.#draw()
    }
    try {
      this.#stop = onSave(dirname(answerFile(this.#root, this.#exercise)), (file) => this.#saved(file), lost)
    } catch (error) {
      this.#stop = () => {}
      lost(error as Error)
    }
    if (this.#page === 'done') this.#draw()
    else this.#run()
  }

  /** Who saves the answer to another exercise of the chapter is at that one. */
  #saved(file: string): void {
    const other = this.#all.findIndex((one) => one.chapter === this.#exercise.chapter && `${one.name}.ts` === file)
    if (other >= 0) this.#at = other
    this.#run()
  }

  #run(): void {
    this.#grading.ask(this.#exercise)
    this.#show('exercise')
  }

  async #grade(exercise: Found): Promise<void> {
    try {
      this.#draw()
      const result = await gradeAnswer(this.#root, exercise, seedOf(this.#progress))
      this.#results.set(exercise.id, result)
      const wasDone = this.#isDone()
      this.#save((progress) => withResult(progress, result))
      if (exercise !== this.#exercise) return
      if (this.#isDone() && !wasDone) this.#page = 'done'
      else if (hasPassed(result)) {
        this.#notice = `Passed. n: the next exercise${this.#isSolved() ? '; d: the solution beside yours' : ''}.`
      }
    } catch (error) {
      this.#notice = `the grader failed: ${(error as Error).message}`
    } finally {
      setImmediate(() => this.#draw()) // when it is no longer busy
    }
  }

  #isSolved = (): boolean => existsSync(solutionFile(this.#root, this.#exercise))

  #isDone = (): boolean => this.#all.every(({ id }) => entryOf(this.#progress, id).passed)

  #save(change: (progress: Progress) => Progress): void {
    const { progress, notice } = updateProgress(this.#root, change)
    this.#progress = notice === undefined ? progress : change(this.#progress) // what could not be saved is kept here
    this.#notice = notice ?? this.#notice
  }

  #key(name: string): void {
    const { rows } = this.#terminal.size
    this.#sticky = ''
    if (this.#page === 'reset') return name.toLowerCase() === 'y' ? this.#reset() : this.#show('exercise')
    const keys: Readonly<Record<string, () => void>> = {
      n: () => this.#move(1), p: () => this.#move(-1), h: () => this.#hint(), l: () => this.#list(), r: () => this.#run(),
      d: () => this.#diff(), x: () => this.#show('reset'), q: () => void this.#quit(),
      enter: () => this.#show('exercise'), escape: () => this.#show('exercise'),
      up: () => this.#scrollBy(-1), down: () => this.#scrollBy(1),
      pageup: () => this.#scrollBy(5 - rows), pagedown: () => this.#scrollBy(rows - 5),
    }
    keys[name.toLowerCase()]?.()
  }

  #list(): void {
    this.#show('list')
    this.#scrollBy(Math.max(0, this.#at - 8))
  }

  #scrollBy(lines: number): void {
    this.#scroll += lines
    this.#draw()
  }

  /** To the next exercise that is not passed, if there is one. */
  #move(step: 1 | -1): void {
    const around = this.#all.map((_, i) => (this.#at + step * (i + 1) + 2 * this.#all.length) % this.#all.length)
    const open = step > 0 ? around.find((i) => !entryOf(this.#progress, this.#all[i]?.id ?? '').passed) : undefined
    this.#at = open ?? around[0] ?? 0
    this.#page = 'exercise'
    this.#notice = ''
    this.#enter()
  }

  #hint(): void {
    const read = entryOf(this.#progress, this.#exercise.id).hints
    const { hints } = statement(this.#root, this.#exercise)
    const next = this.#page === 'hint' || read === 0 ? Math.min(read + 1, hints.length) : read
    this.#save((progress) => withHints(progress, this.#exercise.id, next))
    this.#show('hint', next === hints.length ? 'This was the last hint. The lesson tells the rest.' : '')
    this.#scrollBy(1000)
  }

  #diff(): void {
    const passed = entryOf(this.#progress, this.#exercise.id).passed
    if (!passed) this.#show('exercise', 'd shows the solution once you have passed')
    else if (this.#isSolved()) this.#show('diff')
    else this.#show('exercise', 'the solutions are not in this copy of the course')
  }

  #difference() {
    const [mine, solution] = [answerFile(this.#root, this.#exercise), solutionFile(this.#root, this.#exercise)]
    return difference(textOf(mine), withoutMarkers(textOf(solution)))
  }

  #reset(): void {
    try {
      const kept = resetAnswer(this.#root, this.#exercise)
      this.#sticky = kept ? `what you wrote is in ${relative(this.#root, kept)}` : ''
      this.#run()
    } catch (error) {
      this.#show('exercise', (error as Error).message)
    }
  }

  /** A sandbox that runs is waited for: it takes away what it has made. */
  async #quit(): Promise<void> {
    if (this.#ending) process.exit(1)
    this.#ending = true
    this.#stop()
    this.#terminal.close()
    if (this.#grading.busy) {
      process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143))
      console.log('course: the grading ends first; Ctrl-C again does not wait for it')
    }
    await this.#grading.idle()
    this.#resolve(0)
  }
}
