#!/usr/bin/env node
// The process that touches a layer's files: TypeScript as it stands, or, ten times faster, a bundle of it that somebody names.
const { POCKER_TREE } = process.env
if (POCKER_TREE) {
  await import(POCKER_TREE)
} else {
  const { register } = await import('tsx/esm/api')
  register()
  const { confined } = await import('@pocker/layers/confined')
  process.exitCode = await confined(process.argv.slice(2))
}
