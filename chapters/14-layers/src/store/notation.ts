// How the directories of a store are kept: tried once, and the same ever after, since one notation cannot be read as another.
//
//   notationOf('/var/lib/pocker/layers')   → 'overlay'
//
// Invariant: a store that was carried to a file system that cannot serve it (a copy, an image that has it inside) is refused, and
// keeps what it has.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { SpecError } from '@pocker/syscalls'
import { writeWhole } from '../content/files.ts'
import type { Notation } from '../tree/whiteout.ts'
import { probe } from './probe.ts'

/** @throws {SpecError} if it holds layers that this file system cannot serve */
export function notationOf(root: string): Notation {
  mkdirSync(root, { recursive: true, mode: 0o710 })
  const [file, device] = [join(root, 'notation'), String(statSync(root).dev)]
  const [kept, tried] = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') as [Notation, string?] : []
  if (kept && (kept === 'files' || tried === device)) return kept // copies can be read everywhere
  const found = probe(root)
  if (kept && kept !== found && hasLayers(root)) {
    throw new SpecError(`layers: expected a file system for ${kept}, as when ${root} was filled, got one for ${found}; `
      + 'move it back, or name another place with POCKER_ROOT')
  }
  writeWhole(file, `${found}\n${device}\n`)
  return found
}

const hasLayers = (root: string): boolean =>
  ['chains', 'writable'].some((name) => existsSync(join(root, name)) && readdirSync(join(root, name)).length > 0)
