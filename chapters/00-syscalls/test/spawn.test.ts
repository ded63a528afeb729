// Processes, for real. Those that need no namespace run as any user.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rootTest } from '@pocker/testing'
import {
  address, call, callAll, changes, chdir, close, CLONE_NEWPID, CLONE_NEWUTS, clone3, command, exitCode, exit_group, foreground, foreign, getpid,
  libc, mayFail, memoryAt, mkdir, namespaces, names, observe, open, plan, read, rmdir, run, sethostname, spawn, StartError, Stepper, symbol, SyscallError,
  wait4, type Isolation,
} from '@pocker/syscalls'

const nothing: Isolation = { name: 'nothing' }
const uts: Isolation = { name: 'uts', flags: CLONE_NEWUTS, child: [sethostname('box')] }
const descriptors = (): string[] => readdirSync('/proc/self/fd').toSorted()
const children = (): string => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')

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

test('exit codes are those of a shell', () => {
  assert.is(exitCode({ code: 3, signal: null }), 3)
  assert.is(exitCode({ code: null, signal: 'SIGTERM' }), 143)
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
  const before = [descriptors(), children()]
  const cases: readonly [Isolation, string[], RegExp, number][] = [
    [{ name: 'a', child: [chdir('/nope')] }, ['true'], /^chdir\("\/nope"\): ENOENT/, 125],
    [nothing, ['nope'], /^exec: "nope": executable file not found in \$PATH$/, 127],
    [nothing, ['/etc/passwd'], /^exec: "\/etc\/passwd": permission denied/, 126],
    [nothing, ['/etc'], /^exec: "\/etc": permission denied/, 126],
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
  assert.equal([descriptors(), children()], before)
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

test('a step that returns 0 can go on with another list, and the parent still learns the pid', () => {
  const results = callAll([{ ...clone3(0n, [exit_group(5)]), as: 'child' }, wait4({ resultOf: 'child' }, 0)])
  assert.ok((results[0]?.value ?? 0n) > 1n)
  assert.is(results.find(({ call: { call: name } }) => name === 'wait4')?.outs[0]?.readInt32LE(0), 5 << 8)
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
  const before = [descriptors(), children()]
  const failing = new Stepper(plan([{ name: 'x', child: [chdir('/nope')] }, command({ argv: ['true'] })]))
  await failing.next().then(() => assert.unreachable(), (error: Error) => assert.match(error.message, /^chdir\("\/nope"\): ENOENT/))
  const total = plan([nothing, command({ argv: ['/bin/true'] })]).child.length
  for (let at = 0; at < total; at++) {
    const steps = new Stepper(plan([nothing, command({ argv: ['/bin/true'] })]))
    for (let i = 0; i < at; i++) await steps.next()
    steps.stop()
    assert.is((await steps.wait()).code, 125)
  }
  assert.equal([descriptors(), children()], before)
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
