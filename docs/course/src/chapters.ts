// The lessons on disk, and what is done to them there.
//
//   lessonsOf(REPOSITORY, ['02'])     → the lessons of these chapters, of all if none is named
//   sourceBeside(root, lesson.file)   → reads the files that its blocks name, relative to the chapter's folder
//   syncLesson(root, lesson)          → rewrites stale blocks in place, and says how many
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SpecError } from '@pocker/syscalls'
import { parseLesson, type Lesson } from './lesson.ts'
import { stale, synced, type Source } from './regions.ts'

/** The top folder of the repository, without a slash at its end. */
export const REPOSITORY = dirname(fileURLToPath(new URL('../../', import.meta.url)))

/**
 * @param wanted numbers or folders of chapters: `02`, `2`, `02-uts`
 * @returns in order, their files named relative to the root
 * @throws {SpecError} if a chapter has no lesson, or a lesson is not what it should be
 */
export function lessonsOf(root: string, wanted: readonly string[] = []): Lesson[] {
  return lessonFiles(root, wanted).map((file) => parseLesson(file, readFileSync(join(root, file), 'utf8')))
}

/** The same, unread. */
export function lessonFiles(root: string, wanted: readonly string[] = []): string[] {
  const all = readdirSync(join(root, 'chapters')).toSorted()
    .filter((dir) => existsSync(join(root, 'chapters', dir, 'README.md')))
  const found = wanted.map((name) => all.find((dir) => dir === name || dir.startsWith(`${name.padStart(2, '0')}-`)))
  const missing = wanted.find((_, i) => found[i] === undefined)
  if (missing !== undefined) {
    throw new SpecError(`chapter: expected one of ${all.join(', ') || 'no chapters at all'}, got ${missing}`)
  }
  return (wanted.length > 0 ? found : all).map((dir) => `chapters/${dir}/README.md`)
}

export function sourceBeside(root: string, file: string): Source {
  return (path) => {
    const at = join(root, dirname(file), path)
    return existsSync(at) ? readFileSync(at, 'utf8') : undefined
  }
}

/** @returns how many blocks were rewritten */
export function syncLesson(root: string, lesson: Lesson): number {
  const source = sourceBeside(root, lesson.file)
  const count = stale(lesson, source).length
  if (count === 0) return 0
  const path = join(root, lesson.file)
  writeFileSync(`${path}.new`, synced(lesson, readFileSync(path, 'utf8'), source))
  renameSync(`${path}.new`, path)
  return count
}
