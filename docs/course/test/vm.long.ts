// `course vm` with a command, and without a terminal.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testIf } from '@pocker/testing'
import { REPOSITORY } from '../src/chapters.ts'

const course = (...words: string[]): ReturnType<typeof spawnSync> =>
  spawnSync(process.execPath, [join(REPOSITORY, 'docs/course/bin/course.mjs'), ...words], { encoding: 'utf8' })

testIf(process.arch === 'x64', 'needs x86-64', test, 'a command runs in it, with its options, and its exit code comes back', () => {
  const { status, stdout, stderr } = course('vm', '--', 'sh', '-c', 'stat -fc %T /sys/fs/cgroup; exit "$1"', 'sh', '7')
  assert.equal([status, stdout], [7, 'cgroup2fs\n'], String(stderr))
})

test('a shell needs a terminal, which is said in one line', () => {
  const { status, stderr } = course('vm')
  assert.equal([status, stderr], [125, 'vm: expected a command, or a terminal for a shell\n'])
})

test.run()
