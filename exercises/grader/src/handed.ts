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
  writeFileSync, type Dirent,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ownedName } from '@pocker/pid'
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
  const copy = mkdtempSync(join(tmpdir(), COPY + ownedName('')))
  const answers = new Map<string, Answer>()
  const hash = createHash('sha256')
  const [copied, searched] = [new Set<string>(), new Set<string>()]
  const has = (path: string): boolean => {
    const bytes = copied.has(path) ? undefined : readSmall(join(folder, path))
    if (bytes) {
      mkdirSync(join(copy, dirname(path)), { recursive: true })
      writeFileSync(join(copy, path), bytes)
      hash.update(JSON.stringify([path, bytes.length])).update(bytes)
      copied.add(path)
    }
    return copied.has(path)
  }
  const takeOne = ({ id, chapter, name }: Wanted): void => {
    const at = place(folder, chapter, name)
    const refused = reason(folder, at) ?? (has(at) ? undefined : `${CLOSED}: ${at}`)
    const beside = dirname(at)
    if (refused === undefined && !searched.has(beside)) {
      searched.add(beside)
      sources(folder, beside).forEach(has)
    }
    hash.update(JSON.stringify([id, at, refused ?? '']))
    answers.set(id, { file: join(copy, at), ...(refused !== undefined && { refused }) })
  }
  const close = (): void => rmSync(copy, { recursive: true, force: true })
  try {
    exercises.forEach(takeOne)
  } catch (error) {
    close()
    throw error
  }
  return {
    digest: hash.digest('hex'), answer: ({ id }) => answers.get(id) ?? { file: '', refused: 'expected an answer, got none' }, close,
  }
}

/** Where the answer is, or where it would be. */
function place(folder: string, chapter: string, name: string): string {
  const possible = [join('exercises', chapter), chapter, '.'].map((dir) => join(dir, `${name}.ts`))
  return possible.find((path) => kind(join(folder, path)) !== undefined)
    ?? possible.find((path) => kind(join(folder, dirname(path))) !== undefined) ?? `${name}.ts`
}

const CLOSED = 'expected a file that can be read, got one that is closed to the grader'

/** @returns why the answer is not to be opened: no such file, a link on the way to it, no file, too long */
function reason(folder: string, path: string): string | undefined {
  const steps = path.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'))
  const link = steps.find((step) => kind(join(folder, step)) === 'link')
  if (link !== undefined) return `expected a file, got a symbolic link: ${link}`
  const found = kind(join(folder, path))
  if (found === undefined) return `expected an answer in ${path}, got no such file`
  if (found === 'closed') return `${CLOSED}: ${path}`
  const wrong = unreadable(join(folder, path))
  return wrong && `${wrong}: ${path}`
}

function kind(path: string): 'link' | 'other' | 'closed' | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? 'link' : 'other'
  } catch (error) {
    if (!isTheirs(error)) throw error
    return error.code === 'EACCES' ? 'closed' : undefined
  }
}

/** A folder may hold anything, be closed to us, and change while it is read: none of that is a fault of the grader. */
function isTheirs(error: unknown): error is NodeJS.ErrnoException {
  return ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')
}

/** @returns the sources in a folder, and then those below it; others are not there for the answer */
function sources(folder: string, beside: string): string[] {
  const found: string[] = []
  const walk = (dir: string, depth: number): void => {
    const entries = entriesOf(join(folder, dir)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    for (const { name } of entries.filter((entry) => entry.isFile() && SOURCE.test(entry.name))) {
      if (found.length < MOST_FILES) found.push(join(dir, name))
    }
    const folders = entries.filter((entry) => entry.isDirectory() && !NOT_OURS.test(entry.name))
    for (const { name } of depth < MOST_DEPTH ? folders : []) walk(join(dir, name), depth + 1)
  }
  walk(beside, 0)
  return found
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (!isTheirs(error)) throw error
    return []
  }
}

/** Of a regular file, which might be another by now. */
function readSmall(path: string): Buffer | undefined {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (!isTheirs(error)) throw error
    return undefined
  }
  try {
    const found = fstatSync(fd)
    return found.isFile() && found.size <= MOST_BYTES ? readFileSync(fd) : undefined
  } finally {
    closeSync(fd)
  }
}
