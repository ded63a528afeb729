#!/usr/bin/env node
// The command `grade`: TypeScript as it stands, no build in between.
import { register } from 'tsx/esm/api'

register()
await import('../src/cli.ts')
