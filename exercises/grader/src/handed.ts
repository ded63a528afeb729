// What a student handed in: a folder of a stranger's, of which the answers are copied, and nothing else is touched.
//
//   const handed = await take(folder, exercises)   → { digest, answer(exercise), close() }
//
// An answer is exercises/NN-topic/NAME.ts, NN-topic/NAME.ts or NAME.ts. Copied are the sources beside it: regular files
// that no link leads to, few and small. So what is graded is what was digested, whatever happens to the folder meanwhile.
// Invariant: nothing is followed, executed or written in the folder.
import { createHash } from 'node:crypto'
import {
  closeSync, constants, fstatSync, lstatSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import type { Found } from './exercises.ts'
import { MOST_BYTES, unreadable } from './submission.ts'

/** Of one folder of answers. */
const [MOST_FILES, MOST_DEPTH] = [200, 4]
const SOURCE = /^[^.].*(?<!\.test)\.(ts|mts|js|mjs|json)$/
const NOT_OURS = /^(\..*|node_modules|grader)$/

/** An answer that can be graded, or why it cannot. */
interface Answer { readonly file: string; readonly refused?: string }

export interface HandedIn {
  /** SHA-256 of all that is graded. */
  readonly digest: string
  answer(exercise: Found): Answer
  close(): void
}

/** A copy's name begins with it, and then says whose it is: see sweep(). */
export const COPY = 'pocker-handed-'

type Wanted = Pick<Found, 'id' | 'chapter' | 'name'>

export function take(folder: string, exercises: readonly Wanted[]): HandedIn {
  const copy = mkdtempSync(join(tmpdir(), `${COPY}${process.pid}-`))
  const answers = new Map<string, Answer>()
  const hash = createHash('sha256')
  const copied = new Set<string>()
  for (const { id, chapter, name } of exercises) {
    const at = place(folder, chapter, name)
    const refused = reason(folder, at)
    const beside = dirname(at)
    if (refused === undefined && !copied.has(beside)) {
      copied.add(beside)
      for (const [path, bytes] of sources(join(folder, beside))) {
        const to = join(copy, beside, path)
        mkdirSync(dirname(to), { recursive: true })
        writeFileSync(to, bytes)
        hash.update(JSON.stringify([join(beside, path), bytes.length])).update(bytes)
      }
    }
    hash.update(JSON.stringify([id, at, refused ?? '']))
    answers.set(id, { file: join(copy, at), ...(refused !== undefined && { refused }) })
  }
  return {
    digest: hash.digest('hex'),
    answer: ({ id }) => answers.get(id) ?? { file: '', refused: 'expected an answer, got none' },
    close: () => rmSync(copy, { recursive: true, force: true }),
  }
}

/** Where the answer is, or where it would be. */
function place(folder: string, chapter: string, name: string): string {
  const possible = [join('exercises', chapter), chapter, '.'].map((dir) => join(dir, `${name}.ts`))
  return possible.find((path) => kind(join(folder, path)) !== undefined)
    ?? possible.find((path) => kind(join(folder, dirname(path))) !== undefined) ?? `${name}.ts`
}

/** @returns why the answer is not to be opened: no such file, a link on the way to it, no file, too long */
function reason(folder: string, path: string): string | undefined {
  const steps = path.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'))
  const link = steps.find((step) => kind(join(folder, step)) === 'link')
  if (link !== undefined) return `expected a file, got a symbolic link: ${link}`
  if (kind(join(folder, path)) === undefined) return `expected an answer in ${path}, got no such file`
  const wrong = unreadable(join(folder, path))
  return wrong && `${wrong}: ${path}`
}

function kind(path: string): 'link' | 'other' | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found && (found.isSymbolicLink() ? 'link' : 'other')
}

/** @returns the sources in a folder and below it, by their names; others are not there for the answer */
function sources(folder: string): (readonly [string, Buffer])[] {
  const found: (readonly [string, Buffer])[] = []
  const walk = (dir: string, depth: number): void => {
    const entries = readdirSync(dir, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
      const path = join(dir, entry.name)
      if (entry.isDirectory() && depth < MOST_DEPTH && !NOT_OURS.test(entry.name)) walk(path, depth + 1)
      if (!entry.isFile() || !SOURCE.test(entry.name) || found.length >= MOST_FILES) continue
      const bytes = readSmall(path)
      if (bytes) found.push([relative(folder, path), bytes])
    }
  }
  walk(folder, 0)
  return found
}

/** Of a regular file, which might be another by now. */
function readSmall(path: string): Buffer | undefined {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const found = fstatSync(fd)
    return found.isFile() && found.size <= MOST_BYTES ? readFileSync(fd) : undefined
  } finally {
    closeSync(fd)
  }
}
