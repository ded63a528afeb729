#!/usr/bin/env node
// Runs the tests of the package in the working directory: every test/*.test.ts, with uvu. `--long` adds test/*.long.ts.
// The exit code is 70 if node itself was ended by a signal.
// Where POCKER_TEST_RESULTS names a directory, the counts go into a file there, for the sum over all packages.
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const { name } = JSON.parse(readFileSync('package.json', 'utf8'))
const uvu = join(dirname(createRequire(import.meta.url).resolve('uvu')), '../bin.js')
const long = process.env.POCKER_TEST_LONG === '1' || process.argv.includes('--long')
const child = spawn(process.execPath, ['--import', 'tsx', uvu, 'test', long ? '\\.(test|long)\\.ts$' : '\\.test\\.ts$'], { stdio: ['ignore', 'pipe', 'inherit'] })
let output = ''
child.stdout.setEncoding('utf8').on('data', (text) => {
  output += text
  process.stdout.write(text)
})
child.on('close', (code, signal) => {
  const text = output.replace(/\x1b\[\d+m/g, '')
  const count = (word) => Number(new RegExp(`^ {2}${word}: +(\\d+)`, 'm').exec(text)?.[1] ?? 0)
  const [total, passed, skipped] = ['Total', 'Passed', 'Skipped'].map(count)
  const failed = Math.max(total - passed, code === 0 ? 0 : 1) // a crash is a failure, even if uvu could not count it
  // uvu's block of a failed test ends with two empty lines; of the stack, only the places in this project say something.
  const failures = [...text.matchAll(/^ {2} FAIL +(?:\S+ +)?"(.*)"\n([^]*?)\n\n\n/gm)].map(([, test, why]) =>
    [`${name}: ${test}`, ...why.split('\n').filter((line) => line.trim() && !line.includes('node_modules'))].slice(0, 16).join('\n'))
  // A hook that fails twice ends its suite without a word.
  for (const part of text.split(/^(?=\S+\.(?:test|long)\.ts$)/m)) {
    const [, file, done, of] = /^(\S+)\n[^]*?\((\d+) \/ (\d+)\)$/m.exec(part) ?? []
    if (done !== of && !/^ {2} FAIL /m.test(part)) failures.push(`${name}: ${file} ended after ${done} of ${of} tests, without a word`)
  }
  if (failed > total - passed) failures.push(`${name}: the tests ended with ${signal ?? `code ${code}`}, and said in the end: ${text.slice(-300)}`)
  const skips = [...output.matchAll(/^SKIP (.*)$/gm)].map(([, line]) => line)
  const results = process.env.POCKER_TEST_RESULTS
  if (results) writeFileSync(join(results, `${name.replace('/', '__')}.json`), JSON.stringify({ name, passed, failed, skipped, skips, failures }))
  process.exitCode = signal ? 70 : failed > 0 ? 1 : 0
})
