#!/usr/bin/env node
// The process that touches a layer's files: TypeScript as it stands.
import { register } from 'tsx/esm/api'

register()
const { confined } = await import('../src/tree/confined.ts')
process.exitCode = await confined(process.argv.slice(2))
