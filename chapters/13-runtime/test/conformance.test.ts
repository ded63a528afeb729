// The OCI runtime spec's demands, row by row, of pocker and of Debian's runc and crun: see conformance/row.ts.
//
//   POCKER_CONFORMANCE=1 npm test      prints a line for each row and runtime
//   POCKER_CONFORMANCE=hooks npm test  the same, of the rows with this word
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { busybox, rootTest } from '@pocker/testing'
import type { Outcome } from './conformance/main.ts'
import { isThere, NAMES, type Name } from './conformance/runtimes.ts'
import { title } from './conformance/row.ts'
import { ROWS } from './conformance/rows/index.ts'

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const DOCUMENT = 'docs/compatibility.md'
const wanted = process.env['POCKER_CONFORMANCE']
const words = wanted === undefined || wanted === '1' ? [] : [wanted]
const MEGABYTE = 2 ** 20

async function outcomes(name: Name, part: string): Promise<Outcome[]> {
  const { stdout } = await promisify(execFile)('unshare', [
    '--mount', '--propagation', 'private', process.execPath, '--import', 'tsx', file('conformance/main.ts'), name, await busybox(), part, ...words,
  ], { maxBuffer: 16 * MEGABYTE })
  return JSON.parse(stdout) as Outcome[]
}

/** pocker in two halves: node takes a while to begin, and this is done some 300 times. */
async function failures(name: Name): Promise<ReadonlyMap<string, string | undefined>> {
  const parts = name === 'pocker' ? ['0/2', '1/2'] : ['0/1']
  const all = await Promise.all(parts.map((part) => outcomes(name, part)))
  return new Map(all.flat().map(({ row, failure }) => [row, failure]))
}

/** The rows of the document's table that say what pocker does not do. */
function documented(): string[] {
  const lines = readFileSync(file(`../../../${DOCUMENT}`), 'utf8').split('\n')
  const cells = lines.filter((line) => /^\| [a-z-]+\.md/.test(line)).map((line) => line.split('|').map((cell) => cell.trim()))
  return cells.map(([, section = '', demand = '']) => title({ section, demand }))
}

test('every demand is told once, and has its own words', () => {
  const titles = ROWS.map(title)
  assert.equal(titles.filter((one, i) => titles.indexOf(one) !== i), [])
  assert.equal(documented().filter((one) => !titles.includes(one)), [], `${DOCUMENT} names rows that there are none of`)
})

rootTest(test, 'pocker does what the OCI runtime spec demands, as far as runc or crun do, or the documentation says why not', async () => {
  const there = NAMES.filter((name) => isThere(name))
  const [own = new Map<string, string | undefined>(), ...peers] = await Promise.all(there.map((name) => failures(name)))
  if (wanted !== undefined) print(there, [own, ...peers])
  const excused = documented()
  const peerDoes = (row: string): boolean => peers.length === 0 || peers.some((peer) => peer.has(row) && peer.get(row) === undefined)
  const failed = [...own].flatMap(([row, failure]) => (failure === undefined ? [] : [{ row, failure }]))
  const unexcused = failed.filter(({ row }) => !excused.includes(row) && peerDoes(row))
  assert.equal(unexcused.map(({ row, failure }) => `${row}; got: ${failure}`), [])
  const stale = excused.filter((row) => own.has(row) && own.get(row) === undefined)
  assert.equal(stale, [], `${DOCUMENT} says that this is not done, and it is`)
})

function print(names: readonly Name[], all: readonly ReadonlyMap<string, string | undefined>[]): void {
  for (const row of all[0]?.keys() ?? []) {
    for (const [i, name] of names.entries()) {
      const failure = all[i]?.get(row)
      console.log(`${failure === undefined ? 'ok  ' : 'FAIL'} ${name.padEnd(6)} ${row}${failure === undefined ? '' : `; got: ${failure.replace(/\s+/g, ' ')}`}`)
    }
  }
  for (const [i, name] of names.entries()) {
    const results = [...all[i]?.values() ?? []]
    console.log(`${name}: ${results.filter((failure) => failure === undefined).length} of ${results.length}`)
  }
}

test.run()
