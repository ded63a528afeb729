// The kernel's numbers, held against the kernel's own headers.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  AT, CLONE, CLOSE_RANGE, errnoText, F, FD, FSCONFIG, FSMOUNT, FSOPEN, MFD, MNT, MOUNT_ATTR, MOUNT_ATTRS, MOVE_MOUNT, MS, O,
  OPEN_HOW, OPEN_TREE, PR, RESOLVE, S_IFBLK, S_IFCHR, S_IFIFO, S_IFREG, SEAL, SIG, SIG_HOW, SYSCALLS, UTSNAME, W, type Names,
} from '@pocker/syscalls'

test('x86-64 numbers are those of <asm/unistd_64.h>', () => compareNumbers('x64', ['/usr/include/x86_64-linux-gnu/asm/unistd_64.h', '/usr/include/asm/unistd_64.h'], '__NR_'))
test('arm64 numbers are those of <asm-generic/unistd.h>', () => compareNumbers('arm64', ['/usr/include/asm-generic/unistd.h'], '__NR3?2?6?4?_?'))

function compareNumbers(machine: 'x64' | 'arm64', files: readonly string[], prefix: string): void {
  const file = files.find((path) => existsSync(path))
  assert.ok(file, `expected ${files.join(' or ')}: install linux-libc-dev`)
  const header = readFileSync(file as string, 'utf8')
  for (const [name, row] of Object.entries(SYSCALLS)) {
    const number = new RegExp(`^#define ${prefix}${name}\\s+(\\d+)$`, 'm').exec(header)?.[1]
    assert.is(row[machine], Number(number), name)
  }
}

/** Compiles nothing but assertions: name by name, the value that ours has. */
function compareConstants(names: Names, headers: readonly string[], ...more: readonly string[]): void {
  const program = [
    ...headers.map((file) => `#include <${file}>`),
    ...Object.entries(names).map(([name, value]) => `static_assert((unsigned long long)(${name}) == ${value}ULL, "${name}");`),
    ...more,
  ]
  execFileSync('g++', ['-x', 'c++', '-fsyntax-only', '-'], { input: program.join('\n'), stdio: ['pipe', 'inherit', 'inherit'] })
}

test('constants are those of the kernel\'s headers', () => compareConstants(
  {
    ...AT, ...CLONE, ...CLOSE_RANGE, ...MS, ...MFD, ...SEAL, ...F, ...PR, ...OPEN_TREE, ...MOVE_MOUNT, ...FSOPEN, ...FSCONFIG,
    ...FSMOUNT, ...MOUNT_ATTRS, ...RESOLVE, S_IFBLK, S_IFCHR, S_IFIFO, S_IFREG,
  },
  ['sched', 'close_range', 'memfd', 'fcntl', 'mount', 'openat2', 'prctl', 'stat'].map((name) => `linux/${name}.h`),
  `static_assert(sizeof(struct open_how) == ${OPEN_HOW.size}, "open_how");`,
  `static_assert(sizeof(struct mount_attr) == ${MOUNT_ATTR.size}, "mount_attr");`,
))

test('constants are those of the C library\'s headers', () => compareConstants(
  { ...MNT, ...O, ...FD, ...SIG, ...SIG_HOW, ...W },
  ['sys/mount.h', 'fcntl.h', 'signal.h', 'sys/wait.h', 'sys/utsname.h'],
  `static_assert(sizeof(struct utsname) == ${UTSNAME}, "struct utsname");`,
))

test('errno names are those of libc', () => {
  const aliases = new Set(['EWOULDBLOCK', 'ENOTSUP', 'EDEADLOCK'])
  for (const [name, number] of Object.entries(constants.errno)) {
    const ours = errnoText(number).name
    if (!aliases.has(name) && !ours.startsWith(`E${number}`)) assert.is(ours, name)
  }
  assert.equal(errnoText(2), { name: 'ENOENT', text: 'no such file or directory' })
  assert.equal(errnoText(40), { name: 'ELOOP', text: 'too many levels of symbolic links' })
  assert.equal(errnoText(4000), { name: 'E4000', text: 'unknown error 4000' })
})

test.run()
