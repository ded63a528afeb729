// The numbers of the system calls, held against the kernel's own headers.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { syscallNumbers } from '@pocker/privileges'
import { SYSCALLS, type Machine } from '@pocker/syscalls'
import { testIf } from '@pocker/testing'

/** What arm64's own <asm/unistd.h> says before it includes the generic one. */
const ARM64 = ['RENAMEAT', 'NEW_STAT', 'SET_GET_RLIMIT', 'SYS_CLONE3', 'MEMFD_SECRET'].map((name) => `-D__ARCH_WANT_${name}`)
const HEADERS = { x64: ['asm/unistd_64.h'], arm64: ['asm-generic/unistd.h', ...ARM64] } as const
/** Newer than the headers of Debian 12, below their last number. */
const NEW_BELOW = new Set(['uretprobe', 'uprobe'])

for (const machine of ['x64', 'arm64'] as const) {
  testIf(existsSync('/usr/include/asm-generic/unistd.h'), 'needs linux-libc-dev', test, `the numbers of ${machine} are all those of the headers, and newer ones above`, () => {
    const [ours, theirs] = [syscallNumbers(machine), headerNumbers(machine)]
    assert.ok(theirs.size > 300, `${theirs.size} numbers found`)
    for (const [name, number] of theirs) assert.is(ours.get(name), number, name)
    const last = Math.max(...theirs.values())
    for (const [name, number] of ours) assert.ok(theirs.has(name) || number > last || NEW_BELOW.has(name), name)
  })

  test(`the numbers of ${machine} are those that the table of chapter 00 has`, () => {
    for (const [name, row] of Object.entries(SYSCALLS)) assert.is(syscallNumbers(machine).get(name), row[machine], name)
  })

  test(`no two calls of ${machine} have the same number, and none is missing at the end`, () => {
    const numbers = [...syscallNumbers(machine).values()]
    assert.is(new Set(numbers).size, numbers.length)
    assert.equal(numbers.filter((number) => number >= 424), Array.from({ length: 470 - 424 + 1 }, (_, i) => 424 + i))
  })
}

test('the numbers that are newer than Debian\'s headers are those of Linux 6.19, scripts/syscall.tbl', () => {
  const newer = { cachestat: 451, fchmodat2: 452, map_shadow_stack: 453, futex_requeue: 456, statmount: 457, listmount: 458, lsm_list_modules: 461, mseal: 462, setxattrat: 463, removexattrat: 466, open_tree_attr: 467, file_setattr: 469, listns: 470 }
  for (const [name, number] of Object.entries(newer)) assert.is(syscallNumbers('arm64').get(name), number, name)
  assert.equal(['uretprobe', 'uprobe'].map((name) => syscallNumbers('x64').get(name)), [335, 336])
})

function headerNumbers(machine: Machine): Map<string, number> {
  const [header, ...defines] = HEADERS[machine]
  const { stdout, stderr } = spawnSync('g++', ['-E', '-dM', '-x', 'c', ...defines, '-'], { input: `#include <${header}>\n`, encoding: 'utf8' })
  assert.is(stderr, '')
  const values = new Map(Array.from(stdout.matchAll(/^#define (__NR\w*) (\w+)$/gm), ([, name = '', value = '']) => [name, value]))
  const number = (value: string | undefined): number => (value?.startsWith('__NR') ? number(values.get(value)) : Number(value))
  const counts = new Set(['__NR_syscalls', '__NR_arch_specific_syscall'])
  return new Map([...values].filter(([name]) => name.startsWith('__NR_') && !counts.has(name))
    .map(([name, value]) => [name.slice('__NR_'.length), number(value)]))
}

test.run()
