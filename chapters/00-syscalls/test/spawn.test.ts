// Processes, for real. Those that need no namespace run as any user.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rootTest } from '@pocker/testing'
import {
  address, Arena, call, callAll, changes, chdir, close, CLONE_NEWPID, CLONE_NEWUTS, clone3, command, encode, everything, exitCode, exit_group,
  foreground, foreign, forwardSignals, getpid, libc, machine, mayFail, memoryAt, mkdir, namespaces, names, noNewPrivileges, observe, open, Pipe, plan, read,
  rmdir, run, scratchArena, sethostname, setSeccompFilter, spawn, StartError, Stepper, stepThrough, symbol, SYSCALLS, SyscallError, wait4,
  type Audience, type Isolation,
} from '@pocker/syscalls'

const nothing: Isolation = { name: 'nothing' }
const uts: Isolation = { name: 'uts', flags: CLONE_NEWUTS, child: [sethostname('box')] }
const descriptors = (): string[] => readdirSync('/proc/self/fd').toSorted()
const children = (): string => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
/** What is open and who lives, when node has closed what it has read to the end. */
const left = async (): Promise<unknown> => {
  await setImmediate()
  return [descriptors(), children()]
}

test('libc answers through FFI, and its errors have a name', () => {
  assert.is(libc.getpid(), process.pid)
  assert.throws(() => libc.chdir('/nope'), (error: SyscallError) => error instanceof SyscallError && error.code === 'ENOENT' && error.errno === 2)
})

test('a C function gets integers, pointers and strings as C has them, and its long is not cut off', () => {
  const c = (name: string): Buffer => symbol(name) ?? assert.unreachable(name) as never
  const bytes = Buffer.from('0123456789')
  assert.is(foreign(c('llabs'), 'long')(-(2n ** 62n)), 2n ** 62n)
  assert.is(foreign(c('abs'), 'int')(-5), 5)
  assert.is(foreign(c('atoi'), 'int')('-42'), -42)
  assert.is(foreign(c('strlen'), 'long')('grün'), 5n)
  assert.is(foreign(c('memchr'), 'long')(bytes, 0x37, bytes.length), address(bytes) + 7n)
  assert.is(foreign(c('time'), 'long')(null) > 1_700_000_000n, true)
  assert.is(memoryAt(address(bytes) + 3n, 4).toString(), '3456')
  assert.is(symbol('no_such_function'), undefined)
  assert.throws(() => foreign(c('abs'), 'int')(1, 2, 3, 4, 5, 6, 7), /expected at most 6 arguments, got 7/)
})

test('a system call of this process gives its answer, or an error that names it', () => {
  assert.is(call(getpid()).value, BigInt(process.pid))
  assert.throws(() => call(chdir('/nope')), /chdir\("\/nope"\): ENOENT \(no such file or directory\)/)
})

test('a list stops at the step that fails, and the result of a step can be an argument', () => {
  const results = callAll([{ ...open('/proc/self/comm', 0), as: 'file' }, read({ resultOf: 'file' }, 64), close({ resultOf: 'file' })])
  assert.is(results[1]?.outs[0]?.toString('utf8', 0, Number(results[1].value)), readFileSync('/proc/self/comm', 'utf8'))
  assert.throws(() => callAll([chdir('/nope'), close(-1)]), /chdir/)
})

test('a step may fail with the errnos it names, and with no other', () => {
  assert.is(callAll([mayFail(chdir('/nope'), 'EPERM', 'EACCES', 'ENOENT'), getpid()])[1]?.value, BigInt(process.pid))
  assert.throws(() => callAll([mayFail(chdir('/nope'), 'ENOTDIR'), getpid()]), /chdir\("\/nope"\): ENOENT/)
  assert.throws(() => callAll([mayFail(getpid(), 'ENOSUCH')]), /mayFail: expected at most 3 names such as ENOENT, got ENOSUCH/)
})

test('a child is a list of system calls: the last of its output, and its exit code', async () => {
  assert.equal(await run([nothing], ['sh', '-c', 'echo out; echo err >&2; exit 7'], { env: ['A=1'] }), { code: 7, signal: null, stdout: 'out\n', stderr: 'err\n' })
  assert.equal(await run([nothing], ['sh', '-c', 'kill -9 $$']), { code: null, signal: 'SIGKILL', stdout: '', stderr: '' })
})

test('exit codes are those of a shell', async () => {
  assert.is(exitCode({ code: 3, signal: null }), 3)
  assert.is(exitCode({ code: null, signal: 'SIGTERM' }), 143)
  assert.is(exitCode(await run([nothing], ['sh', '-c', 'kill -35 $$'])), 163) // a signal for real time: it has no name
})

test('the program finds default signals, an empty mask, and no descriptor but 0, 1 and 2', async () => {
  const { stdout } = await run([nothing], ['sh', '-c', 'grep -E "Sig(Blk|Ign)" /proc/self/status; ls /proc/self/fd'])
  assert.match(stdout, /SigBlk:\t0000000000000000\n/)
  // Ignored signals of whoever started us are inherited, as everywhere; SIGPIPE and SIGXFSZ, which node ignores, are not.
  const ignored = BigInt(`0x${/SigIgn:\t(\w+)/.exec(stdout)?.[1]}`)
  assert.is(ignored & (1n << 12n | 1n << 24n), 0n)
  assert.equal(stdout.split('\n').slice(2, -1), ['0', '1', '2', '3']) // 3 is what ls itself reads
})

test('each failing step is named, and nothing is left', async () => {
  const before = await left()
  const cases: readonly [Isolation, string[], RegExp, number][] = [
    [{ name: 'a', child: [chdir('/nope')] }, ['true'], /^chdir\("\/nope"\): ENOENT/, 125],
    [nothing, ['nope'], /^exec: "nope": executable file not found in \$PATH$/, 127],
    [nothing, ['/etc/passwd'], /^exec: "\/etc\/passwd": permission denied/, 126],
    [nothing, ['/etc'], /^exec: "\/etc": permission denied/, 126],
    [nothing, ['echo', 'x'.repeat(2 ** 17)], /^exec: "echo": argument list too long$/, 126],
    [{ name: 'a', before: [chdir('/nope')] }, ['true'], /^chdir\("\/nope"\): ENOENT/, 125],
    [{ name: 'a', beside: [{ path: '/proc/{pid}/oom_score_adj', data: '0' }] }, ['nope'], /executable file not found/, 127],
  ]
  for (const [isolation, argv, message, code] of cases) {
    await run([isolation], argv).then(() => assert.unreachable(), (error: StartError) => {
      assert.instance(error, StartError)
      assert.match(error.message, message)
      assert.is(error.exitCode, code)
    })
  }
  await run([{ name: 'a', beside: [{ path: '/proc/{pid}/nope', data: '' }] }], ['true']).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, /ENOENT|EACCES/))
  assert.equal(await left(), before)
})

test('the search in PATH ends at a file that is there and cannot run', async () => {
  const dir = mkdtempSync('/tmp/pocker-path-')
  try {
    for (const [name, mode, text] of [['closed', 0o644, ''], ['bad', 0o755, 'echo no interpreter'], ['good', 0o755, '#!/bin/sh\necho good']] as const) {
      mkdirSync(`${dir}/${name}`)
      writeFileSync(`${dir}/${name}/tool`, text, { mode })
    }
    const path = (...names: string[]) => ({ env: [`PATH=${names.map((name) => `${dir}/${name}`).join(':')}`] })
    assert.is((await run([nothing], ['tool'], path('none', 'closed', 'good/tool', 'good'))).stdout, 'good\n')
    await run([nothing], ['tool'], path('bad', 'good')).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, /^exec: "tool": exec format error$/))
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('the parent works beside the waiting child, and a process between them runs first', async () => {
  const beside: Isolation = { name: 'beside', beside: [{ path: '/proc/{pid}/oom_score_adj', data: '321' }] }
  assert.is((await run([beside], ['cat', '/proc/self/oom_score_adj'])).stdout, '321\n')
  const before: Isolation = { name: 'before', before: [chdir('/proc')] }
  assert.is((await run([before], ['pwd'])).stdout, '/proc\n')
  assert.equal(await run([before, beside], ['sh', '-c', 'pwd; cat self/oom_score_adj; kill -TERM $$']), { code: null, signal: 'SIGTERM', stdout: '/proc\n321\n', stderr: '' })
})

test('what a plan needs is made first and taken back, also when a later step fails', async () => {
  const dir = `/tmp/pocker-needs-${process.pid}`
  const needs: Isolation = { name: 'needs', needs: [{ name: 'dir', make: [mkdir(dir, 0o700)], undo: [rmdir(dir)] }] }
  assert.is((await run([needs], ['ls', '-d', dir])).stdout, `${dir}\n`)
  assert.not.ok(existsSync(dir))
  await run([needs, { name: 'x', child: [chdir('/nope')] }], ['true']).then(() => assert.unreachable(), () => {})
  assert.not.ok(existsSync(dir))
})

test('what cannot be taken back keeps nothing else, and does not hide what went wrong first', async () => {
  const [first, last] = ['first', 'last'].map((name) => `/tmp/pocker-undo-${process.pid}-${name}`) as [string, string]
  const isolation: Isolation = {
    name: 'needs', needs: [first, last].map((dir) => ({ name: 'dir', make: [mkdir(dir, 0o700)], undo: [rmdir(dir)] })),
  }
  const full: Isolation = { name: 'full', child: [mkdir(`${last}/full`, 0o700), chdir('/nope')] }
  try {
    await run([isolation], ['mkdir', `${last}/full`]).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, /ENOTEMPTY/))
    assert.equal([existsSync(first), existsSync(last)], [false, true])
    rmSync(last, { recursive: true })
    await run([isolation, full], ['true']).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, /^chdir\("\/nope"\): ENOENT/))
    assert.equal([existsSync(first), existsSync(last)], [false, true])
  } finally {
    for (const dir of [first, last]) rmSync(dir, { recursive: true, force: true })
  }
})

test('a step that returns 0 can go on with another list, and the parent still learns the pid', () => {
  const results = callAll([{ ...clone3(0n, [exit_group(5)]), as: 'child' }, wait4({ resultOf: 'child' }, 0)])
  assert.ok((results[0]?.value ?? 0n) > 1n)
  assert.is(results.find(({ call: { call: name } }) => name === 'wait4')?.outs[0]?.readInt32LE(0), 5 << 8)
})

test('the child of a clone3 never returns to who runs the list: it ends with 127 where its own list fails, and with 0 at its end', () => {
  for (const [list, status] of [[[chdir('/nope'), exit_group(5)], 127 << 8], [[getpid()], 0]] as const) {
    const results = callAll([{ ...clone3(0n, list), as: 'child' }, wait4({ resultOf: 'child' }, 0)])
    assert.is(results.at(-1)?.outs[0]?.readInt32LE(0), status)
  }
})

test('a plan\'s own names are its own, whatever they are', async () => {
  for (const as of ['container', 'end']) {
    for (const part of ['before', 'child'] as const) {
      const input = new Pipe()
      const isolation: Isolation = { name: 'names', before: [chdir('/')], [part]: [{ ...open('/', 0), as }] }
      const child = spawn(plan([isolation, command({ argv: ['sh', '-c', 'read line; exit 7'], stdio: [input.reader, 1, 2] })]))
      assert.is(readFileSync(`/proc/${child.pid}/comm`, 'utf8'), 'sh\n', `${part}: ${as}`)
      input.close()
      assert.equal(await child.wait(), { code: 7, signal: null }, `${part}: ${as}`)
    }
  }
})

test('no memory for a longer list: it fails, and shorter ones go on; no mapping is left of an arena that could not be made', () => {
  const endless = { bytes: { length: 2 ** 50 } as Buffer, pointers: [], entry: 0, steps: [] }
  assert.throws(() => scratchArena(endless), /^mmap: ENOMEM/)
  assert.is(call(getpid()).value, BigInt(process.pid))
  const shared = (): number => readFileSync('/proc/self/maps', 'utf8').split('\n').filter((line) => line.includes(' rw-s ') && line.includes('/dev/zero')).length
  const before = shared()
  assert.throws(() => new Arena(encode([getpid()], machine()), { file: 1_000_000 }), /EBADF/)
  assert.is(shared(), before)
})

test('a child that has ended hears no signal, and that is no error', async () => {
  const child = spawn(plan([{ name: 'between', before: [chdir('/')] }, command({ argv: ['true'] })]))
  const stop = forwardSignals(() => child.pid)
  process.kill(process.pid, 'SIGTERM') // it is heard when this test lets go
  while (existsSync(`/proc/${child.pid}`)); // the process between has fetched its status, and its number is free
  child.kill('SIGTERM')
  assert.equal(await child.wait(), { code: 0, signal: null })
  stop()
})

test('one waits for a child in one way', async () => {
  const child = spawn(plan([command({ argv: ['sleep', '0.1'] })]))
  const waiting = child.wait()
  assert.throws(() => child.waitSync(), /waitSync: expected a child that nobody waits for/)
  assert.equal(await waiting, { code: 0, signal: null })
  assert.equal([await child.wait(), child.waitSync()], [{ code: 0, signal: null }, { code: 0, signal: null }])
})

test('waiting resolves for every child, in whatever order they end', async () => {
  const codes = Array.from({ length: 20 }, (_, i) => i)
  const exits = await Promise.all(codes.map((code) => spawn(plan([command({ argv: ['sh', '-c', `exit ${code}`] })])).wait()))
  assert.equal(exits.map(({ code }) => code), codes)
})

rootTest(test, 'a namespace keeps the name inside; seen from inside, from outside, and through a visit', async () => {
  const before = hostname()
  assert.is((await run([uts], ['hostname'])).stdout, 'box\n')
  const child = spawn(plan([foreground(), uts, command({ argv: ['sleep', '60'] })]))
  try {
    assert.is.not(namespaces(child.pid)['uts'], namespaces('self')['uts'])
    assert.is(names(child.pid).nodename, 'box')
    assert.is(hostname(), before)
    assert.is(names(process.pid).nodename, before)
  } finally {
    child.kill('SIGKILL')
    assert.is((await child.wait()).signal, 'SIGKILL')
  }
})

rootTest(test, 'the printed plan is what strace sees, step by step', () => {
  const container = new URL('fixtures/traced.ts', import.meta.url).pathname
  const trace = (...args: string[]): string => execFileSync(process.execPath, ['--import', 'tsx', container, ...args], { encoding: 'utf8' })
  // The child's lines; answers, and what the kernel fills in, are not part of a plan.
  const call = (line: string): string => line.replace(/ += -?\d+.*$/, '')
  assert.equal(trace('strace').trim().split('\n').map(call), trace('explain').trim().split('\n'))
})

rootTest(test, 'step makes one call at a time, and the kernel shows what it changed', async () => {
  const steps = new Stepper(plan([uts, { name: 'cwd', child: [chdir('/proc')] }, command({ argv: ['/bin/true'] })]))
  let before = observe(steps.pid)
  const seen: string[][] = []
  while (steps.upcoming && steps.upcoming.call !== 'execve') {
    await steps.next()
    const after = observe(steps.pid)
    seen.push(changes(before, after))
    before = after
  }
  assert.equal(seen.slice(0, 2), [[`host name: ${hostname()} → box`], [`working directory: ${process.cwd()} → /proc`]])
  await steps.next()
  assert.is(steps.upcoming, undefined)
  assert.is((await steps.wait()).code, 0)
})

test('step names the step that failed; stopped, or without its parent, nothing is left', async () => {
  const before = await left()
  const failing = new Stepper(plan([{ name: 'x', child: [chdir('/nope')] }, command({ argv: ['true'] })]))
  await failing.next().then(() => assert.unreachable(), (error: Error) => assert.match(error.message, /^chdir\("\/nope"\): ENOENT/))
  const total = plan([nothing, command({ argv: ['/bin/true'] })]).child.length
  for (let at = 0; at < total; at++) {
    const steps = new Stepper(plan([nothing, command({ argv: ['/bin/true'] })]))
    for (let i = 0; i < at; i++) await steps.next()
    steps.stop()
    assert.is((await steps.wait()).code, 125)
  }
  assert.equal(await left(), before)
})

test('step: whatever ends it, the process is gone and what the plan needed is taken back', async () => {
  const dir = `/tmp/pocker-step-${process.pid}`
  const needs: Isolation = { name: 'needs', needs: [{ name: 'dir', make: [mkdir(dir, 0o700)], undo: [rmdir(dir)] }] }
  const quiet: Audience = { made() {}, upcoming() {}, done() {}, stopped() {}, ended() {} }
  const wrong = (): never => { throw new Error('EPIPE') }
  const before = await left()
  const cases: readonly [Isolation, Partial<Audience>, RegExp][] = [
    [nothing, { done: wrong }, /^EPIPE$/],
    [nothing, { made: wrong }, /^EPIPE$/],
    [{ name: 'x', before: [chdir('/')], beside: [{ path: '/proc/{pid}/nope', data: '' }] }, {}, /nope.*: E(NOENT|ACCES)/],
  ]
  for (const [isolation, audience, message] of cases) {
    const container = plan([needs, isolation, command({ argv: ['/bin/true'] })])
    await stepThrough(container, { ...quiet, ...audience }, everything).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, message))
    assert.not.ok(existsSync(dir))
  }
  assert.equal(await left(), before)
})

test('step: a process that is killed behind a step that worked is named as gone; its number can be asked for all the same', async () => {
  // struct sock_filter: load the number of the call; write(2)? kill the process; all others are allowed.
  const filter = Buffer.from(`${'2000000000000000'}15000001${SYSCALLS.write[machine()].toString(16).padStart(2, '0')}000000${'0600000000000080'}${'060000000000ff7f'}`, 'hex')
  const steps = new Stepper(plan([{ name: 'x', child: [noNewPrivileges(), setSeccompFilter(0, filter)] }, command({ argv: ['/bin/true'] })]))
  await steps.next()
  await steps.next().then(() => assert.unreachable(), (error: Error) => assert.match(error.message, /^seccomp\(.*: ESRCH/))
  assert.is((await steps.wait()).signal, 'SIGSYS')
  assert.ok(steps.pid > 1)
})

test('a plan that makes a PID namespace, and one without the right to', async () => {
  if (process.geteuid?.() !== 0) {
    await run([uts], ['true']).then(() => assert.unreachable(), (error: StartError) => assert.is(error.code, 'EPERM'))
    return
  }
  const { stdout } = await run([{ name: 'pid', flags: CLONE_NEWPID }], ['sh', '-c', 'echo $$'])
  assert.is(stdout, '1\n')
})

test.run()
