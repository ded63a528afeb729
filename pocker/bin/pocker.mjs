#!/usr/bin/env node
// Starts the command line. `pocker oci` has a program of its own, which loads faster.
if (process.argv[2] === 'oci') {
  await import('./pocker-oci.cjs')
} else if (process.argv.includes('--mine')) {
  // Answers are computed by the course's sources; so all of it is sources, or there would be two of each module.
  const { tsImport } = await import('tsx/esm/api')
  await tsImport('../src/cli.ts', import.meta.url)
} else {
  const { made } = await import('./build.mjs')
  await made('pocker.mjs', (bundle) => import(bundle))
}
