// `course export`: the course as others get it.
//
//   course export DIR [--solved NN]      a repository for students: npm install && npx course
//   course export --gradescope FILE.zip  what Gradescope is given: setup.sh, run_autograder, the course with hidden checks
//   course export --classroom50 DIR      what Classroom 50 is given: autograder.py, and the same course
//
// Invariant: nothing that is there is overwritten.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SpecError } from '@pocker/syscalls'
import { courseRoot } from '../work.ts'
import { autograder, LINK, readme, runAutograder, setup, IGNORED } from './scripts.ts'
import { courseTree, text, type Tree } from './tree.ts'
import { kind } from './vendor.ts'
import { zip } from './zip.ts'

export interface ExportOptions { readonly solved?: number; readonly gradescope?: string; readonly classroom50?: string }

export async function exportCourse(dir: string | undefined, options: ExportOptions): Promise<number> {
  const { solved = 0, gradescope, classroom50 } = options
  const root = courseRoot()
  const targets = [dir, gradescope, classroom50].filter((target) => target !== undefined)
  if (targets.length !== 1) {
    throw new SpecError(`export: expected a folder, or --gradescope, or --classroom50, got ${targets.length} of them`)
  }
  if (!existsSync(join(root, 'solutions'))) throw new SpecError('export: this copy of the course is one that was exported')
  if (dir !== undefined) {
    const tree = await courseTree(root, { solved, hidden: false })
    tree.set('README.md', text(readme(kind())))
    tree.set('.gitignore', text(IGNORED))
    writeTree(dir, tree)
    console.log(`${tree.size} files in ${dir}, for ${kind()}. There: npm install && npx course`)
  }
  if (gradescope !== undefined) {
    const tree = below('course', await courseTree(root, { solved, hidden: true }))
    tree.set('setup.sh', text(setup(), true))
    tree.set('run_autograder', text(runAutograder(), true))
    tree.set('course/link.mjs', text(LINK))
    if (existsSync(gradescope)) throw new SpecError(`export: expected a new file, got ${gradescope}, which exists`)
    writeFileSync(gradescope, zip(tree))
    console.log(`${gradescope}, for ${kind()}: upload it as the autograder`)
  }
  if (classroom50 !== undefined) {
    const tree = below('course', await courseTree(root, { solved, hidden: true }))
    tree.set('autograder.py', text(autograder(), true))
    tree.set('course/link.mjs', text(LINK))
    writeTree(classroom50, tree)
    console.log(`${tree.size} files in ${classroom50}, for ${kind()}: put them into CLASSROOM/autograders/ASSIGNMENT`)
  }
  return 0
}

const below = (folder: string, tree: Tree): Tree => new Map([...tree].map(([path, entry]) => [`${folder}/${path}`, entry]))

/** @throws {SpecError} unless the folder is new, or empty */
function writeTree(dir: string, tree: Tree): void {
  if (existsSync(dir) && readdirSync(dir).length > 0) {
    throw new SpecError(`export: expected a new or empty folder, got ${dir}, which has files`)
  }
  for (const [path, { bytes, executable }] of tree) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), bytes, { mode: executable ? 0o755 : 0o644 })
  }
}
