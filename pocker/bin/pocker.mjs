#!/usr/bin/env node
// Starts the bundle. It is made anew when a source has changed, so that a change in a chapter is a change of the tool.
import { build, bundle, isFresh } from './build.mjs'

if (isFresh()) {
  await import(bundle)
} else {
  try {
    await build()
    await import(bundle)
  } catch (error) {
    if (error?.code !== 'EACCES' && error?.code !== 'EROFS') throw error
    // Somebody else's checkout, which this user may not write to: run the sources as they are.
    const { tsImport } = await import('tsx/esm/api')
    await tsImport('../src/cli.ts', import.meta.url)
  }
}
