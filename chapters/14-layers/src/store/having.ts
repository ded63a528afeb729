// Which layer a file is from.
//
//   having(['/…/top/diff', '/…/base/diff'], 'etc/passwd')   → the directory of the uppermost that has it
//
// Invariant: the answer is as overlayfs's: what a layer has taken away, or hides behind an opaque directory, is not there.
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { attributesOf } from '../tree/attributes.ts'
import { OPAQUE_ATTRIBUTE } from '../tree/whiteout.ts'

/** @param directories the uppermost first */
export function having(directories: readonly string[], path: string): string | undefined {
  for (const directory of directories) {
    const found = lookIn(directory, path)
    if (found !== 'look below') return found === 'there' ? directory : undefined
  }
  return undefined
}

/** Part by part: a directory above it decides, too. */
function lookIn(directory: string, path: string): 'there' | 'gone' | 'look below' {
  let [at, missing]: [string, 'gone' | 'look below'] = [directory, 'look below']
  for (const part of path.split('/')) {
    at = join(at, part)
    const stat = lstatSync(at, { throwIfNoEntry: false })
    if (!stat) return missing
    if (stat.isCharacterDevice() && stat.rdev === 0) return 'gone'
    if (!stat.isDirectory()) return 'there' // it, or a link or a file in its way: nothing below is seen
    if (isOpaque(at)) missing = 'gone'
  }
  return 'there'
}

function isOpaque(directory: string): boolean {
  const attributes = attributesOf(directory)
  return Object.values(OPAQUE_ATTRIBUTE).some((name) => attributes[name]?.toString() === 'y')
}
