// What a result was made with, as digests: a result is used again only if they are the same.
//
//   exercisesVersion(chosen)   → SHA-256 of their checks, visible and hidden
//   graderVersion()            → SHA-256 of the grader's sources and the chapters'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ROOT, type Found } from './exercises.ts'

/** Everything beside the checks but the answers themselves: checks share files. */
export function exercisesVersion(chosen: readonly Found[], root = ROOT): string {
  const chapters = [...new Set(chosen.map(({ chapter }) => chapter))].toSorted()
  const starters = new Set(chosen.map(({ name }) => `${name}.ts`))
  const files = chapters.flatMap((chapter) => [
    ...filesOf(join(root, 'exercises', chapter)).filter((file) => !starters.has(basename(file))),
    join(root, 'solutions', chapter, 'hidden.test.ts'),
  ])
  return digest(root, files, chosen.map(({ id }) => id))
}

export function graderVersion(root = ROOT): string {
  const chapters = readdirSync(join(root, 'chapters')).toSorted().map((chapter) => join(root, 'chapters', chapter, 'src'))
  return digest(root, [join(root, 'exercises/grader/src'), ...chapters].flatMap(filesOf), [process.versions.node])
}

const filesOf = (folder: string): string[] => (existsSync(folder)
  ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted().filter((file) => file.endsWith('.ts'))
    .map((name) => join(folder, name))
  : [])

function digest(root: string, files: readonly string[], words: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(words))
  for (const file of files.filter((one) => existsSync(one))) {
    hash.update(JSON.stringify(file.slice(root.length))).update(readFileSync(file))
  }
  return hash.digest('hex')
}
