// The course without what students must not see, as files.
//
//   await courseTree(root, { solved: 4, hidden: false })   → Map: path → { bytes, executable }
//
// Chapters up to `solved`, and those without exercises, come as source; the others as one built file each. The npm packages
// that the course needs come along in vendor/, so that it is installed without a network, on machines of the same kind.
// Invariant: no solution, no wrong answer and no test of a chapter is in it; hidden checks only for who grades.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { exercises, type Found } from '@pocker/grader'
import { build, stop } from 'esbuild'
import { answerName, starterOf, STARTERS } from '../work.ts'
import { vendored } from './vendor.ts'

export interface Entry { readonly bytes: Buffer; readonly executable: boolean }
export type Tree = Map<string, Entry>

export interface Wanted {
  /** The last chapter that comes as source. */
  readonly solved: number
  /** Whether the hidden checks are in it: for who grades. */
  readonly hidden: boolean
}

export const text = (content: string, executable = false): Entry => ({ bytes: Buffer.from(content), executable })

/** What runs TypeScript and makes the bundles; and types for the editor. */
const TOOLS = ['tsx', 'esbuild', '@types/node']

type Manifest = Record<string, unknown> & {
  name: string
  dependencies?: Record<string, string>
  exports: string | Record<string, string>
}

export async function courseTree(root: string, { solved, hidden }: Wanted): Promise<Tree> {
  const tree: Tree = new Map()
  const all = await exercises(root)
  const toSolve = new Set(all.map(({ chapter }) => chapter).filter((chapter) => Number(chapter.slice(0, 2)) > solved))
  try {
    for (const chapter of readdirSync(join(root, 'chapters')).toSorted()) {
      await addChapter(tree, root, chapter, toSolve.has(chapter))
    }
  } finally {
    await stop()
  }
  for (const exercise of all) addExercise(tree, root, exercise, hidden)
  for (const path of ['exercises/grader', 'docs/course', 'pocker']) addPackage(tree, root, path, ['src', 'bin'])
  for (const file of ['docs/student.md', 'LICENSE', 'tsconfig.base.json']) addFile(tree, root, file)
  for (const [path, entry] of vendored(root, [...TOOLS, ...foreign(tree)])) tree.set(path, entry)
  tree.set('package.json', text(`${JSON.stringify(topManifest(root), null, 2)}\n`))
  tree.set('.npmrc', text('fund=false\naudit=false\n'))
  return tree
}

async function addChapter(tree: Tree, root: string, chapter: string, built: boolean): Promise<void> {
  const folder = `chapters/${chapter}`
  if (!built) return addPackage(tree, root, folder, ['src', 'bin'])
  addPackage(tree, root, folder, ['bin'])
  const manifest = JSON.parse(tree.get(`${folder}/package.json`)?.bytes.toString() ?? '') as Manifest
  const { exports: all } = manifest
  const entries = Object.entries(typeof all === 'string' ? { '.': all } : all)
  const builtOf = (source: string): string => `./built/${basename(source, '.ts')}.js`
  const exports = Object.fromEntries(entries.map(([name, source]) => [name, builtOf(source)]))
  tree.set(`${folder}/package.json`, text(`${JSON.stringify({ ...manifest, exports }, null, 2)}\n`))
  for (const [, source] of entries) {
    const { outputFiles } = await build({
      entryPoints: [join(root, folder, source)], bundle: true, packages: 'external', write: false,
      format: 'esm', platform: 'node', target: 'node20', minify: true, keepNames: true, logLevel: 'silent',
    })
    tree.set(join(folder, builtOf(source)), { bytes: Buffer.from(outputFiles[0]?.contents ?? []), executable: false })
  }
}

/** What the packages import that are none of ours. */
function foreign(tree: Tree): string[] {
  const files = [...tree].filter(([path]) => path.endsWith('/package.json')).map(([, { bytes }]) => bytes.toString())
  const manifests = files.map((file) => JSON.parse(file) as Manifest)
  const ours = new Set(manifests.map(({ name }) => name))
  return manifests.flatMap(({ dependencies = {} }) => Object.keys(dependencies)).filter((name) => !ours.has(name))
}

/** Its manifest, what lies in its top folder, and some folders. */
function addPackage(tree: Tree, root: string, folder: string, folders: readonly string[]): void {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (entry.isFile() && entry.name !== 'package.json') addFile(tree, root, `${folder}/${entry.name}`)
    if (entry.isDirectory() && folders.includes(entry.name)) addFolder(tree, root, `${folder}/${entry.name}`)
  }
  const written = readFileSync(join(root, folder, 'package.json'), 'utf8')
  const { devDependencies: _, scripts: __, ...manifest } = JSON.parse(written) as Manifest
  // vendor/ has them under the names by which they are imported.
  const dependencies = Object.fromEntries(Object.keys(manifest.dependencies ?? {}).map((name) => [name, '*']))
  tree.set(`${folder}/package.json`, text(`${JSON.stringify({ ...manifest, dependencies }, null, 2)}\n`))
}

function addExercise(tree: Tree, root: string, exercise: Found, hidden: boolean): void {
  const { chapter, name } = exercise
  const folder = `exercises/${chapter}`
  for (const file of readdirSync(join(root, folder))) {
    const isAnswer = existsSync(join(root, folder, file.replace(/\.ts$/, '.test.ts'))) && !file.endsWith('.test.ts')
    if (file === 'README.md' || (/^[^.]+(\.test)?\.ts$/.test(file) && !isAnswer)) addFile(tree, root, `${folder}/${file}`)
  }
  const starter = text(starterOf(root, exercise))
  tree.set(answerName(exercise), starter)
  tree.set(`${STARTERS}/${chapter}/${name}.ts`, starter)
  if (hidden) addFile(tree, root, `solutions/${chapter}/hidden.test.ts`)
}

function addFolder(tree: Tree, root: string, folder: string): void {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) addFolder(tree, root, path)
    else if (entry.isFile()) addFile(tree, root, path)
  }
}

function addFile(tree: Tree, root: string, path: string): void {
  const at = join(root, path)
  if (!existsSync(at) || basename(path).startsWith('.')) return
  tree.set(path, { bytes: readFileSync(at), executable: (statSync(at).mode & 0o100) !== 0 })
}

function topManifest(root: string): Record<string, unknown> {
  const { name, license, description, type, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
  const workspaces = ['chapters/*', 'pocker', 'exercises/grader', 'docs/course', 'vendor/*', 'vendor/@*/*']
  return { name, private: true, license, description, type, engines, workspaces }
}
