#!/usr/bin/env node
// Starts the command line. `pocker oci` has a program of its own, which loads faster.
if (process.argv[2] === 'oci') {
  await import('./pocker-oci.cjs')
} else {
  const { made } = await import('./build.mjs')
  await made('pocker.mjs', (bundle) => import(bundle))
}
