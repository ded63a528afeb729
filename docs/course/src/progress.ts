// What a student has reached, in .course.json in the top folder: beside the work, on this machine only, ignored by git.
//
//   const { progress, notice } = loadProgress(root)   → notice: one line, if the file could not be read
//   updateProgress(root, (old) => withResult(old, result))   → the same, after the change
//
// Invariant: an entry is kept by the exercise's stable id, also if no exercise has that id (any more, or yet). The file is
// replaced in one step, and one that cannot be read is kept as .course.json.bad.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExerciseResult } from '@pocker/grader'

export interface Entry {
  /** The best that was earned. */
  readonly earned: number
  readonly points: number
  /** All checks that this machine could make were passed once. */
  readonly passed: boolean
  /** How many steps of the hints were read. */
  readonly hints: number
}

export interface Progress {
  readonly exercises: Readonly<Record<string, Entry>>
  /** Whose tokens are drawn: see seed.ts. */
  readonly seed?: string
}

export const NAME = '.course.json'
const SCHEMA = 'pocker/progress/v1'
const NOTHING: Entry = { earned: 0, points: 0, passed: false, hints: 0 }

/** With one line, if there is something to say. */
interface Loaded { readonly progress: Progress; readonly notice?: string }

export function loadProgress(root: string): Loaded {
  const file = join(root, NAME)
  if (!existsSync(file)) return { progress: { exercises: {} } }
  try {
    return { progress: parsed(readFileSync(file, 'utf8')) }
  } catch (error) {
    const [why] = (error as Error).message.split('\n')
    return { progress: { exercises: {} }, notice: `${setAside(file)}: ${why}` }
  }
}

/** Whatever else is in the file stays in it: a newer course may know what it is. */
function parsed(text: string): Progress {
  const value: unknown = JSON.parse(text)
  const { exercises } = (value ?? {}) as { exercises?: unknown }
  if (!isRecord(value) || !isRecord(exercises)) throw new Error('expected { "exercises": { … } }')
  const entries = Object.entries(exercises).map(([id, entry]) => [id, { ...NOTHING, ...(isRecord(entry) ? entry : {}) }])
  const { seed, ...rest } = value
  return { ...rest, ...(typeof seed === 'string' && { seed }), exercises: Object.fromEntries(entries) as Progress['exercises'] }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function setAside(file: string): string {
  try {
    renameSync(file, `${file}.bad`)
    return `${NAME} cannot be read, and is kept as ${NAME}.bad`
  } catch (error) {
    return `${NAME} cannot be read, nor moved (${(error as Error).message})`
  }
}

/** @returns why it could not be saved: a full disk is no reason to stop */
function saveProgress(root: string, progress: Progress): string | undefined {
  const file = join(root, NAME)
  try {
    writeFileSync(`${file}.${process.pid}`, `${JSON.stringify({ schema: SCHEMA, ...progress }, null, 2)}\n`)
    renameSync(`${file}.${process.pid}`, file)
    return undefined
  } catch (error) {
    return `progress was not saved: ${(error as Error).message}`
  }
}

/** Reads, changes and writes: another `course` may have written meanwhile. @returns what is in the file now, and what to say */
export function updateProgress(root: string, change: (progress: Progress) => Progress): Loaded {
  const { progress: old, ...told } = loadProgress(root)
  const progress = change(old)
  const unsaved = saveProgress(root, progress)
  return { progress, ...told, ...(unsaved !== undefined && { notice: unsaved }) }
}

export const entryOf = ({ exercises }: Progress, id: string): Entry => exercises[id] ?? NOTHING

const withEntry = (progress: Progress, id: string, entry: Entry): Progress =>
  ({ ...progress, exercises: { ...progress.exercises, [id]: entry } })

/** Points once earned are not lost by trying something else. */
export function withResult(progress: Progress, result: ExerciseResult): Progress {
  const old = entryOf(progress, result.id)
  const earned = Math.max(old.earned, result.earned)
  return withEntry(progress, result.id, { ...old, earned, points: result.points, passed: old.passed || hasPassed(result) })
}

export function withHints(progress: Progress, id: string, hints: number): Progress {
  const old = entryOf(progress, id)
  return withEntry(progress, id, { ...old, hints: Math.max(old.hints, hints) })
}

/** @returns whether every check that was made here was passed, and there was one */
export const hasPassed = ({ earned, unjudged, points }: ExerciseResult): boolean => earned > 0 && earned + unjudged === points
