// Bundles the command lines into one file each, dist/pocker.mjs and dist/pocker-oci.cjs, with the programs that they start beside
// them, and remembers what they were made of.
//
//   node bin/build.mjs                                   → always, both
//   await made('pocker.mjs', (bundle) => import(bundle))   → made anew if a source has changed, then run
//
// Invariant: a bundle is renamed into place, so two builds at once do no harm.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const root = resolve(here, '../..')
const { bundle, inputs, isFresh } = createRequire(import.meta.url)('./fresh.cjs')

/** Node takes 3 ms to load each of them, and they are needed seldom: each is loaded at its first use. */
const SELDOM = { child_process: ['spawn', 'spawnSync'], tty: ['ReadStream', 'WriteStream'] }
const lazily = {
  name: 'lazily',
  setup(build) {
    build.onResolve({ filter: /^node:(child_process|tty)$/ }, ({ path }) =>
      ({ path: path.slice('node:'.length), namespace: 'lazy', sideEffects: false }))
    build.onLoad({ filter: /./, namespace: 'lazy' }, ({ path }) => ({
      contents: SELDOM[path].map((name) => `Object.defineProperty(exports, '${name}', { get: () => require('${path}').${name} })`)
        .join('\n'),
    }))
  },
}
/** No module of ours does anything when it is loaded, so those that nobody uses are left out. */
const pure = {
  name: 'pure',
  setup(build) {
    build.onResolve({ filter: /^(@pocker|\.)/ }, async ({ path, resolveDir, kind, importer, pluginData }) => {
      if (pluginData) return undefined
      return { ...await build.resolve(path, { resolveDir, kind, importer, pluginData: true }), sideEffects: false }
    })
  },
}

/** The process that touches a layer's files, without tsx. Chapter 14 looks for it beside the bundle that it is in. */
const tree = {
  contents: `import { confined } from '@pocker/layers/confined'
process.exitCode = await confined(process.argv.slice(2))`,
  resolveDir: here, loader: 'ts',
}

/** What runs in a container of the image `registry`: node is all that it finds there. */
const registry = {
  contents: `import { main } from '@pocker/syscalls'
import { program } from '@pocker/registry/program'
void main('registry', () => program(process.argv.slice(2), process.env))`,
  resolveDir: here, loader: 'ts',
}

const URL_OF_FILE = "const __url = require('node:url').pathToFileURL(__filename).href;"
const small = { format: 'cjs', minify: true, define: { 'import.meta.url': '__url' } }

const BUNDLES = {
  'pocker.mjs': {
    entry: 'src/cli.ts',
    beside: {
      'tree.mjs': { stdin: tree },
      'registry.cjs': { stdin: registry, ...small, plugins: [pure], banner: { js: `#!/usr/bin/node\n${URL_OF_FILE}` } },
    },
    options: {
      format: 'esm', minifySyntax: true,
      banner: {
        js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
      },
    },
  },
  'pocker-oci.cjs': {
    entry: 'src/oci.ts',
    options: { ...small, plugins: [lazily, pure], banner: { js: URL_OF_FILE } },
  },
}

/** Runs a bundle, once it is up to date. A change in a chapter is a change of the tool. */
export async function made(file, run) {
  try {
    if (!isFresh(file)) await build(file)
  } catch (error) {
    if (error?.code !== 'EACCES' && error?.code !== 'EROFS') throw error
    // Somebody else's checkout, which this user may not write to: run the sources as they are.
    const { tsImport } = await import('tsx/esm/api')
    return await tsImport(`../${BUNDLES[file].entry}`, import.meta.url)
  }
  return await run(bundle(file))
}

async function build(file) {
  const { entry, beside = {}, options } = BUNDLES[file]
  const esbuild = await import('esbuild')
  const work = bundle(`.${process.pid}`)
  mkdirSync(work, { recursive: true })
  try {
    const [started, sources] = [new Date(), new Set()]
    const outputs = { ...beside, [file]: { entryPoints: [join(here, '..', entry)] } } // the one that names them comes last
    for (const [name, input] of Object.entries(outputs)) {
      const { metafile } = await esbuild.build({
        outfile: join(work, name), absWorkingDir: root,
        bundle: true, platform: 'node', target: 'node20', metafile: true, external: ['ffi-napi', 'ref-napi', '@pocker/course'],
        logLevel: 'warning', ...options, ...input,
      })
      for (const source of Object.keys(metafile.inputs)) if (!/^lazy:|^<stdin>$/.test(source)) sources.add(source)
      utimesSync(join(work, name), started, started) // a source saved meanwhile is newer
    }
    writeFileSync(join(work, 'inputs.json'), JSON.stringify([...sources]))
    for (const name of Object.keys(beside)) renameSync(join(work, name), bundle(name))
    renameSync(join(work, 'inputs.json'), inputs(file))
    renameSync(join(work, file), bundle(file))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  if (file.endsWith('.cjs')) warm()
}

/** A first run, so that V8 remembers the functions that every run needs. Without it, the next are slower, and no worse. */
function warm() {
  const dir = mkdtempSync(join(tmpdir(), 'pocker-warm-'))
  const oci = (...args) => spawnSync(process.execPath, [join(here, 'pocker-oci.cjs'), ...args],
    { cwd: dir, stdio: 'ignore', env: { ...process.env, POCKER_OCI_CACHE: '1' } })
  try {
    mkdirSync(join(dir, 'rootfs'))
    oci('spec')
    oci('explain')
  } finally {
    rmSync(dir, { recursive: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) for (const file of Object.keys(BUNDLES)) await build(file)
