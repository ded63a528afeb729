// Which tests run in the machine, and how: package by package, with the runner that runs them outside, too.
//
//   await testInMachine(chaptersFrom(QUICK), dir)   → the names of the packages; their results are in the folder
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { machine, NoMachine, REPOSITORY, SHARED } from './machine.ts'

/** The first chapter whose tests ask more of the kernel than the build machines all give. */
const FIRST = '03'
/** What npm test runs: cgroups, and what depends most on the kernel. Emulated, the budget is 4 minutes. */
export const QUICK: readonly string[] = ['04', '06', '09', '10', '11', '12']
/** What npm run test:long runs. Not the runtime's: emulated, its thousands of containers take hours. */
export const ALL: readonly string[] = ['03', '04', '05', '06', '07', '08', '09', '10', '11', '12', '14']
/** Seconds for all; a test that hangs must not hold up CI for hours. */
const TIMEOUT = 1800

// A workaround: emulated, node sometimes ends with SIGSEGV before its first line, for a reason that is not found. Once more, then.
const EACH = `for chapter; do
  printf '\\n%s, in the machine\\n' "$chapter"
  (cd "chapters/$chapter" && { ../../node_modules/.bin/pocker-test || [ $? != 70 ] || ../../node_modules/.bin/pocker-test; })
done`

/** @returns folders of the chapters that are there and have tests, of all from 03 on if none is named */
export function chaptersFrom(numbers: readonly string[], root: string = REPOSITORY): string[] {
  return readdirSync(join(root, 'chapters')).toSorted().filter((name) => name >= FIRST)
    .filter((name) => numbers.length === 0 || numbers.some((number) => name.startsWith(`${number}-`)))
    .filter((name) => existsSync(join(root, 'chapters', name, 'test')))
}

/**
 * @param results an empty folder, for what pocker-test writes
 * @throws {NoMachine} if there is no machine to be had, or nothing to test
 */
export async function testInMachine(chapters: readonly string[], results: string): Promise<string[]> {
  if (chapters.length === 0) throw new NoMachine('expected the number of a chapter from 03 on that has tests')
  const { late } = await machine(
    { argv: ['sh', '-c', EACH, 'sh', ...chapters], env: { POCKER_TEST_RESULTS: SHARED }, shared: results, timeout: TIMEOUT },
    { out: process.stdout, err: process.stderr },
    {
      fetching: (line) => console.log(`vm: ${line}`),
      ready: (seconds) => console.log(`vm: Linux ready after ${seconds.toFixed(1)} s`),
    },
  )
  if (late) console.log(`vm: stopped after ${TIMEOUT} s`)
  return chapters.map((chapter) =>
    (JSON.parse(readFileSync(join(REPOSITORY, 'chapters', chapter, 'package.json'), 'utf8')) as { name: string }).name)
}
