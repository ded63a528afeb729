// Bundles the command line into one file, dist/pocker.mjs, and remembers what it was made of.
//
//   node bin/build.mjs   → always          build(), isFresh()   → for bin/pocker.mjs
//
// Invariant: the bundle is renamed into place, so two builds at once do no harm.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const root = resolve(here, '../..')
const dist = join(here, '../dist')
export const bundle = join(dist, 'pocker.mjs')
const inputs = join(dist, 'inputs.json')

/** @returns whether the bundle is there, and no source is newer than it */
export function isFresh() {
  try {
    const made = statSync(bundle).mtimeMs
    return JSON.parse(readFileSync(inputs, 'utf8')).every((file) => statSync(join(root, file)).mtimeMs <= made)
  } catch {
    return false
  }
}

export async function build() {
  const esbuild = await import('esbuild')
  const work = join(dist, `.${process.pid}`)
  mkdirSync(work, { recursive: true })
  try {
    const started = new Date()
    const { metafile } = await esbuild.build({
      entryPoints: [join(here, '../src/cli.ts')],
      outfile: join(work, 'pocker.mjs'),
      absWorkingDir: root,
      bundle: true, platform: 'node', format: 'esm', target: 'node20', minifySyntax: true, metafile: true,
      external: ['ffi-napi', 'ref-napi'],
      banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
    })
    writeFileSync(join(work, 'inputs.json'), JSON.stringify(Object.keys(metafile.inputs)))
    utimesSync(join(work, 'pocker.mjs'), started, started) // a source saved meanwhile is newer
    renameSync(join(work, 'inputs.json'), inputs)
    renameSync(join(work, 'pocker.mjs'), bundle)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build()
