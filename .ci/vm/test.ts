// npm run test:vm: the tests of the chapters from 03 on, in a machine with cgroup v2 only.
//
//   npm run test:vm               all of them
//   npm run test:vm -- 09 10      these chapters
//   npm run test:vm -- --quick    those that npm test runs
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tally } from '../results.ts'
import { endOnSignals, NoMachine } from './machine.ts'
import { chaptersFrom, QUICK, testInMachine } from './tests.ts'

process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  endOnSignals()
  const chapters = chaptersFrom(words.includes('--quick') ? QUICK : words)
  const results = mkdtempSync(join(tmpdir(), 'pocker-results-'))
  process.once('exit', () => rmSync(results, { recursive: true, force: true }))
  try {
    const names = await testInMachine(chapters, results)
    const { passed, failed, skipped, lines } = tally(results, names)
    for (const line of lines) console.log(line)
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
    return failed > 0 ? 1 : 0
  } catch (error) {
    if (!(error instanceof NoMachine)) throw error
    console.error(`test:vm: ${error.message}`)
    return 1
  }
}
