// An answer file becomes one piece of JavaScript, with nothing in it that the exercise does not allow.
//
//   await bundle({ file, chapter: '02-uts', root })   → the code, or a Failure in one line
//
// An answer may import: files beside it, @pocker/syscalls, chapters below its own, and node:buffer. No other module
// of node: a plan is data, so there is nothing to ask the machine for.
// Invariant: the answer's code is read and translated here, never run.
import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { basename, dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type BuildFailure, type Message, type OnResolveResult, type Plugin } from 'esbuild'
import { Failure } from './verdict.ts'

export interface Submission {
  /** An absolute path. */
  readonly file: string
  /** The exercise's folder, such as `02-uts`. */
  readonly chapter: string
  /** The course's folder: where chapters/ is. */
  readonly root: string
}

const INSIDE = fileURLToPath(new URL('inside.ts', import.meta.url))
const BUILTINS = new Set(['node:buffer', 'buffer'])

/** @throws {Failure} if it does not compile, or imports what it may not */
export async function bundle(submission: Submission): Promise<string> {
  const wrong = unreadable(submission.file)
  if (wrong) throw new Failure(`${wrong}: ${basename(submission.file)}`)
  const entry = `import { main } from ${JSON.stringify(INSIDE)}\n`
    + `export const answer = (request) => main(() => import(${JSON.stringify(submission.file)}), request)\n`
  try {
    const { outputFiles } = await build({
      stdin: { contents: entry, resolveDir: dirname(INSIDE), sourcefile: 'grader', loader: 'ts' },
      bundle: true, write: false, format: 'esm', platform: 'node', target: 'node20', logLevel: 'silent',
      tsconfigRaw: {},                                   // the answer's folder has no say in how names are resolved
      define: { 'import.meta.url': '"file:///answer.mjs"' },
      plugins: [allowed(submission)],
    })
    return outputFiles[0]?.text ?? ''
  } catch (error) {
    const [first] = (error as Partial<BuildFailure>).errors ?? []
    if (!first) throw error
    throw new Failure(sentence(first), {}, { cause: error })
  }
}

/** Bytes of one file of an answer. */
export const MOST_BYTES = 256 * 1024

/** @returns why this is no file of an answer, if it is none: before it is opened, since a FIFO would never answer */
export function unreadable(file: string): string | undefined {
  const found = lstatSync(file)
  if (found.isSymbolicLink()) return 'expected a file, got a symbolic link'
  if (!found.isFile()) return 'expected a file, got something else'
  return found.size > MOST_BYTES ? `expected at most ${MOST_BYTES} bytes, got ${found.size}` : undefined
}

const sentence = ({ text, location }: Message): string =>
  (location && !text.startsWith(REFUSED) ? `${basename(location.file)}:${location.line}: ${text}` : text)

const REFUSED = 'an answer may not import'

/** Marks a question of our own to esbuild's resolver. */
const DECIDED = 'decided'

/** Decides about every import but those of the grader and of the course's packages, which are their own business. */
function allowed({ file, chapter, root }: Submission): Plugin {
  const folder = `${realpathSync(dirname(file))}${sep}`
  const ours = [join(root, 'chapters'), dirname(INSIDE)].map((dir) => `${realpathSync(dir)}${sep}`)
  const packages = chapterPackages(root)
  return {
    name: 'allowed imports',
    setup: ({ onResolve, resolve }) => onResolve({ filter: /.*/ }, async (asked) => {
      const { path, importer, kind, resolveDir, pluginData } = asked
      if (pluginData === DECIDED || ours.some((dir) => importer.startsWith(dir))) return undefined
      const go = (from: string): Promise<OnResolveResult> =>
        resolve(path, { kind, importer, resolveDir: from, pluginData: DECIDED })
      if (BUILTINS.has(path)) return { path: 'node:buffer', external: true }
      if (path.startsWith('.')) {
        const found = await go(resolveDir)
        if (!found.path) return found
        if (!realpathSync(found.path).startsWith(folder)) return refuse(path, 'only files beside it')
        const wrong = unreadable(found.path)
        return wrong ? refuse(path, wrong) : found
      }
      const number = packages.get(path)
      if (number === undefined) return refuse(path, 'only files beside it, and @pocker/… of earlier chapters')
      return number < chapterNumber(chapter) ? go(root) : refuse(path, 'write it yourself')
    }),
  }
}

const refuse = (path: string, instead: string): OnResolveResult =>
  ({ errors: [{ text: `${REFUSED} ${path}: ${instead}` }] })

const chapterNumber = (folder: string): number => Number(folder.slice(0, 2))

/** @returns `@pocker/uts` → 2 */
function chapterPackages(root: string): Map<string, number> {
  const folders = readdirSync(join(root, 'chapters')).filter((folder) => /^\d\d-/.test(folder))
  return new Map(folders.map((folder) => {
    const file = join(root, 'chapters', folder, 'package.json')
    const { name } = JSON.parse(readFileSync(file, 'utf8')) as { name: string }
    return [name, chapterNumber(folder)]
  }))
}
