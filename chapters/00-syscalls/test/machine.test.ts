// The machine code: what is written down is what an assembler makes of the listing, and it does what it says.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ARM64 } from '../src/machine/arm64.ts'
import type { Code } from '../src/machine/listing.ts'
import { X64 } from '../src/machine/x64.ts'

const sources = fileURLToPath(new URL('../src/machine/', import.meta.url))
const native = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
/** Debian calls the tools of another machine by its triplet. */
const tool = (machine: string, name: string): string => (machine === native ? name : `${machine}-linux-gnu-${name}`)

function inTemporaryDirectory<T>(body: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'machine-'))
  try {
    return body(dir)
  } finally {
    rmSync(dir, { recursive: true })
  }
}

function assemble(machine: string, source: string): { code: Buffer; labels: Map<string, number> } {
  return inTemporaryDirectory((dir) => {
    const [object, binary] = [join(dir, 'o'), join(dir, 'bin')]
    execFileSync(tool(machine, 'as'), [join(sources, source), '-o', object])
    execFileSync(tool(machine, 'objcopy'), ['-O', 'binary', '-j', '.text', object, binary])
    const symbols = execFileSync(tool(machine, 'nm'), [object], { encoding: 'utf8' }).trim().split('\n').map((line) => line.split(' '))
    return { code: readFileSync(binary), labels: new Map(symbols.map(([at = '', , name = '']) => [name, Number.parseInt(at, 16)])) }
  })
}

const cases: readonly [machine: string, source: string, written: Code][] = [['x86_64', 'x64.S', X64], ['aarch64', 'arm64.S', ARM64]]
for (const [machine, source, written] of cases) {
  test(`${source} assembles to the bytes beside its listing`, () => {
    const { code, labels } = assemble(machine, source)
    assert.is(written.code.toString('hex'), code.toString('hex'))
    assert.equal(new Map(Object.entries(written.labels)), labels)
  })
}

test('the arm64 bytes walk a list under qemu-user: chained results, tolerated errors, the end', () => {
  // A program that calls run_list on: dup(1) as fd; write(fd, "ok\n", 3); close(-1), which may fail; end. Then clone_list, which
  // qemu-user answers with -ENOSYS. The exit status tells both answers: 0 from run_list, 38 from clone_list.
  const program = `
.globl _start
_start:
  adr x0, list
  bl run_list
  cbnz x0, fail
  adr x0, list
  mov x1, #64
  adr x2, list
  bl clone_list
  neg x0, x0
  b exit
fail:
  mov x0, #1
exit:
  mov x8, #94
  svc #0
.macro step nr, a0=0, a1=0, a2=0, flags=0
  .quad \\nr, \\a0, \\a1, \\a2, 0, 0, 0, 0, 0, \\flags
.endm
.data
.align 4
list:
first: step 23, 1
  step 64, first+56, text, 3, 0x100
  step 57, -1, 0, 0, 1
  .quad -1
text: .ascii "ok\\n"
`
  inTemporaryDirectory((dir) => {
    const file = (name: string): string => join(dir, name)
    writeFileSync(file('main.S'), program.replaceAll('adr x', 'ldr x').replaceAll(', list\n', ', =list\n'))
    execFileSync(tool('aarch64', 'as'), [file('main.S'), '-o', file('main.o')])
    execFileSync(tool('aarch64', 'as'), [join(sources, 'arm64.S'), '-o', file('list.o')])
    execFileSync(tool('aarch64', 'ld'), [file('main.o'), file('list.o'), '-o', file('program')])
    const { stdout, status } = spawnSync('qemu-aarch64', [file('program')], { encoding: 'utf8' })
    assert.equal({ stdout, status }, { stdout: 'ok\n', status: 38 })
  })
})

test.run()
