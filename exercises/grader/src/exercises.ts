// The exercises, as they lie on disk: exercises/NN-topic/NAME.test.ts holds one, solutions/NN-topic/hidden.test.ts
// the rest.
//
//   await exercises()              → all of them, in the order of the chapters
//   select(all, '02')              → those of one chapter; '02/names' → one
//
// Invariant: checks come from the course's own folders, never from the folder of an answer.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { SpecError } from '@pocker/syscalls'
import type { Check, Exercise, HiddenChecks } from './check.ts'

/** The course's folder. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

export interface Found extends Exercise {
  /** `02-uts` */
  readonly chapter: string
  /** `hostname`: the answer's function, and its file without .ts */
  readonly name: string
  /** Empty where the course was handed out without them. */
  readonly hidden: readonly Check[]
}

export async function exercises(root = ROOT): Promise<Found[]> {
  const chapters = readdirSync(join(root, 'exercises')).filter((folder) => /^\d\d-/.test(folder)).toSorted()
  return (await Promise.all(chapters.map((chapter) => ofChapter(root, chapter)))).flat()
}

async function ofChapter(root: string, chapter: string): Promise<Found[]> {
  const folder = join(root, 'exercises', chapter)
  const hiddenFile = join(root, 'solutions', chapter, 'hidden.test.ts')
  const { hidden = {} } = existsSync(hiddenFile) ? await load<{ hidden: HiddenChecks }>(hiddenFile) : {}
  const files = readdirSync(folder).filter((file) => file.endsWith('.test.ts')).toSorted()
  return Promise.all(files.map(async (file) => {
    const { exercise } = await load<{ exercise: Exercise }>(join(folder, file))
    const name = file.slice(0, -'.test.ts'.length)
    return { ...exercise, chapter, name, hidden: hidden[name] ?? [] }
  }))
}

const load = <T>(file: string): Promise<T> => import(pathToFileURL(file).href) as Promise<T>

/**
 * @param wanted `02`, `2`, `02-uts`, `02/names`, `names`, `exercises/02-uts/names.ts`; without it, all
 * @throws {SpecError} if there is none
 */
export function select(all: readonly Found[], wanted?: string): Found[] {
  if (wanted === undefined) return [...all]
  const [folder = '', file] = wanted.replace(/^(\.\/)?exercises\//, '').replace(/(\.ts|\/)$/, '').split('/')
  const isChapter = (chapter: string): boolean => {
    const number = chapter.slice(0, 2)
    return [chapter, number, String(Number(number))].includes(folder)
  }
  const chosen = all.filter(({ chapter, name }) =>
    (isChapter(chapter) ? file === undefined || file === name : file === undefined && folder === name))
  if (chosen.length > 0) return chosen
  const near = all.filter(({ chapter }) => isChapter(chapter)).map(({ id }) => id).join(', ')
  const expected = near ? `one of ${near}` : 'a chapter such as 02, or an exercise such as 02/names'
  throw new SpecError(`exercise: expected ${expected}, got ${wanted}`)
}
