// The npm packages that the course needs to run, as they are installed here: no network is needed to install them again.
//
//   vendored(root, ['commander'])   → path → file: vendor/commander/package.json, …
//
// Native parts come as they were built, so the copy works on the same kind of machine: see kind().
// Invariant: no script of theirs runs when they are installed; each is named as it is imported.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { SpecError } from '@pocker/syscalls'
import type { Entry } from './tree.ts'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** Folders that are needed to build a package, or to test it, but not to use it. */
const UNUSED = new Set(['deps', 'test', 'tests', 'docs', 'example', 'obj.target', '.deps', '.github', 'node_modules'])
const UNUSED_FILE = /(\.map|\.o|\.a|\.d|\.gyp|\.mk|Makefile|\.md)$/

/** `linux-x64`: where the copy can be installed. */
export const kind = (): string => `${process.platform}-${process.arch}`

/** @param wanted what the course's packages import themselves @throws {SpecError} if one is not installed */
export function vendored(root: string, wanted: Iterable<string>): Map<string, Entry> {
  const modules = join(root, 'node_modules')
  const names = closure(modules, wanted)
  const files = new Map<string, Entry>()
  for (const name of names) {
    addFolder(files, join(modules, name), `vendor/${name}`)
    const { scripts: _, devDependencies: __, optionalDependencies: ___, peerDependencies: ____, gypfile: _____, ...manifest } =
      JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')) as Record<string, unknown> & Manifest
    const needed = Object.keys(manifest.dependencies ?? {}).filter((one) => names.has(one))
    const dependencies = Object.fromEntries(needed.map((one) => [one, '*']))
    files.set(`vendor/${name}/package.json`, {
      bytes: Buffer.from(`${JSON.stringify({ ...manifest, name, dependencies, gypfile: false }, null, 2)}\n`), executable: false,
    })
  }
  return files
}

/** With all that they need themselves; optional ones, if they are installed here. */
function closure(modules: string, wanted: Iterable<string>): Set<string> {
  const found = new Set<string>()
  const add = (name: string, by: string): void => {
    if (found.has(name)) return
    const file = join(modules, name, 'package.json')
    if (!existsSync(file)) {
      throw new SpecError(`export: expected the package ${name} of ${by} in node_modules; run npm install first`)
    }
    found.add(name)
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(file, 'utf8')) as Manifest
    for (const one of Object.keys(dependencies)) add(one, name)
    for (const one of Object.keys(optionalDependencies)) if (existsSync(join(modules, one))) add(one, name)
  }
  for (const name of wanted) add(name, 'the course')
  return found
}

function addFolder(files: Map<string, Entry>, from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [path, name] = [join(from, entry.name), `${to}/${entry.name}`]
    if (entry.isDirectory() && !UNUSED.has(entry.name)) addFolder(files, path, name)
    if (entry.isFile() && !UNUSED_FILE.test(entry.name)) {
      files.set(name, { bytes: readFileSync(path), executable: (statSync(path).mode & 0o100) !== 0 })
    }
  }
}
