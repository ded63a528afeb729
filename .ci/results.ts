// What pocker-test wrote for each package, added up.
//
//   tally(dir, ['@pocker/uts'])   → { passed: 12, failed: 0, skipped: 0, lines: ['ok   @pocker/uts: 12 passed, …'], … }
//
// Invariant: a package that reported nothing has failed, and so has a skip that is not listed in skips.json.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What is in such a file. */
interface Result {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly skips: readonly string[]
  readonly failures: readonly string[]
}

export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly lines: readonly string[]
  /** What failed, and how: a few lines each. */
  readonly failures: readonly string[]
}

interface Allowed { readonly test: string; readonly reason: string }

const here = dirname(fileURLToPath(import.meta.url))
export const allowedSkips = (): Allowed[] => JSON.parse(readFileSync(join(here, 'skips.json'), 'utf8'))

export const resultFile = (dir: string, name: string): string => join(dir, `${name.replace('/', '__')}.json`)

/** @returns what failed in this package, a few lines each; empty if nothing did */
export function failuresOf(dir: string, name: string): readonly string[] {
  const file = resultFile(dir, name)
  if (!existsSync(file)) return [`${name}: its tests did not run`]
  const { failed, failures } = JSON.parse(readFileSync(file, 'utf8')) as Result
  return failed === 0 || failures.length > 0 ? failures : [`${name}: ${failed} failed`]
}

/** @param names of packages */
export function tally(dir: string, names: readonly string[], allowed: readonly Allowed[] = allowedSkips()): Tally {
  let [passed, failed, skipped] = [0, 0, 0]
  const lines: string[] = [], failures: string[] = []
  const fail = (line: string): void => {
    failed++
    lines.push(`FAIL ${line}`)
  }
  for (const name of names) {
    const file = resultFile(dir, name)
    if (!existsSync(file)) {
      fail(`${name}: its tests did not run`)
      continue
    }
    const result = JSON.parse(readFileSync(file, 'utf8')) as Result
    passed += result.passed
    failed += result.failed
    skipped += result.skipped
    failures.push(...result.failures)
    const counts = `${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`
    lines.push(`${result.failed === 0 ? 'ok  ' : 'FAIL'} ${name}: ${counts}`)
    for (const skip of result.skips) {
      if (!allowed.some(({ test }) => skip.startsWith(`${test}: `))) fail(`a skip that is not in .ci/skips.json: ${skip}`)
    }
  }
  return { passed, failed, skipped, lines, failures }
}
