// The kernel's word on our filters: real programs make real calls, and perl says what each was answered.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ACTIONS, ARCHITECTURES, DEFAULT_PROFILE, decide, filtered, OPERATORS, parseProfile, seccomp, syscallNumbers, X32_BIT, type Condition, type Operator, type Rule, type Seccomp,
} from '@pocker/privileges'
import { CLONE_NEWNS, CLONE_NEWUTS, command, encode, formatCall, fromJson, machine, plan, run, spawn, StartError, toJson, type Isolation } from '@pocker/syscalls'
import { rootTest } from '@pocker/testing'

const MACHINE = machine()
const KERNEL = '6.1'
/** No error of the kernel's has this number: who sees it met the filter. */
const MARK = 4000
const number = (name: string): number => syscallNumbers(MACHINE).get(name) ?? -1

/** What perl, and chapter 00's steps behind the filter, need to come to life and speak. */
const ALIVE = `execve brk arch_prctl access faccessat openat newfstatat fstat pread64 mmap close read mprotect munmap prlimit64 set_tid_address
  set_robust_list rseq getrandom getuid geteuid getgid getegid rt_sigaction rt_sigprocmask ioctl lseek fcntl dup3 close_range prctl futex
  sysinfo readlink readlinkat write exit_group`.split(/\s+/)

interface Call { readonly nr: number; readonly args: readonly bigint[] }

/** Each call on a line: its number and six arguments; the answer is its errno, or 0. */
const PERL = 'for (split /;/, shift) { my ($nr, @a) = map { 0 + $_ } split / /; $! = 0; my $r = syscall($nr, @a); push @out, $r == -1 ? $! + 0 : 0 } print "@out"'
const words = (calls: readonly Call[]): string => calls.map(({ nr, args }) =>
  [nr, ...Array.from({ length: 6 }, (_, i) => BigInt.asIntN(64, args[i] ?? 0n))].join(' ')).join(';')

/** Makes the calls under a profile, in one program. @returns their errnos */
async function errnos(profile: Seccomp, calls: readonly Call[]): Promise<number[]> {
  const { code, signal, stdout, stderr } = await run([seccomp({ profile, noNewPrivileges: true })], ['perl', '-e', PERL, words(calls)])
  assert.equal([code, signal, stderr], [0, null, ''])
  return stdout.split(' ').map(Number)
}

/** With -1 for every argument they still do something: they end, stop or copy the process, or concern its terminal. */
const NOT_HARMLESS = new Set(`exit exit_group fork vfork clone pause rt_sigreturn restart_syscall alarm vhangup sync uretprobe uprobe
  munlockall setsid umask rt_sigtimedwait rt_sigsuspend personality arch_prctl set_tid_address`.split(/\s+/))

test('the kernel and the profile agree on each of all numbers, with arguments that are invalid', async () => {
  const names = [...syscallNumbers(MACHINE)].filter(([name]) => !NOT_HARMLESS.has(name))
  for (const parity of [0, 1]) {
    const allowed = [...ALIVE, ...names.filter((_, i) => i % 2 === parity).map(([name]) => name)]
    const profile: Seccomp = { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: MARK, syscalls: [{ names: allowed, action: 'SCMP_ACT_ALLOW' }] }
    const calls = names.map(([, nr]): Call => ({ nr, args: Array.from({ length: 6 }, () => 2n ** 64n - 1n) }))
    const [answers, expected] = [await errnos(profile, calls), decide(profile, MACHINE)]
    assert.is(answers.length, calls.length)
    assert.ok(answers.filter((errno) => errno === MARK).length > 100)
    for (const [i, call] of calls.entries()) {
      const verdict = expected({ arch: ARCHITECTURES[MACHINE].audit, ...call })
      if (verdict !== ACTIONS.SCMP_ACT_ALLOW) assert.is(answers[i], verdict & 0xffff, `${names[i]?.[0]}`)
      else assert.is.not(answers[i], MARK, names[i]?.[0])
    }
  }
})

const edges = [0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 63n].flatMap((n) => [n - 1n, n, n + 1n]).map((n) => BigInt.asUintN(64, n))
const condition: fc.Arbitrary<Condition> = fc.record({
  index: fc.nat({ max: 5 }), value: fc.constantFrom(...edges), valueTwo: fc.constantFrom(...edges), op: fc.constantFrom<Operator>(...OPERATORS),
})
/** They take no arguments, and do not fail. */
const DEAF = ['getppid', 'getpid', 'gettid', 'sched_yield']

test('the kernel and the profile agree on conditions of all kinds, at the edges of 32 and 64 bits', async () => {
  const rule: fc.Arbitrary<Rule> = fc.record({
    names: fc.constantFrom(...DEAF).map((name) => [name]), action: fc.constantFrom('SCMP_ACT_ALLOW', 'SCMP_ACT_ERRNO'),
    errnoRet: fc.integer({ min: 3900, max: 3999 }), args: fc.array(condition, { minLength: 1, maxLength: 3 }),
  })
  const call = fc.record({ nr: fc.constantFrom(...DEAF.map(number)), args: fc.array(fc.constantFrom(...edges), { minLength: 6, maxLength: 6 }) })
  await fc.assert(fc.asyncProperty(fc.array(rule, { minLength: 4, maxLength: 20 }), fc.array(call, { minLength: 200, maxLength: 200 }), async (rules, calls) => {
    const profile: Seccomp = { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: MARK, syscalls: [{ names: ALIVE, action: 'SCMP_ACT_ALLOW' }, ...rules] }
    const expected = decide(profile, MACHINE)
    assert.equal(await errnos(profile, calls), calls.map((call) => {
      const verdict = expected({ arch: ARCHITECTURES[MACHINE].audit, ...call })
      return verdict === ACTIONS.SCMP_ACT_ALLOW ? 0 : verdict & 0xffff
    }))
  }), { numRuns: 20 })
})

const profile = parseProfile(DEFAULT_PROFILE, { machine: MACHINE, capabilities: [], kernel: KERNEL })

test('under the default profile, node runs, makes threads and talks to itself', async () => {
  const script = `
    const server = require('net').createServer((c) => c.end('hello')).listen(0, '127.0.0.1', () => {
      require('net').connect(server.address().port, '127.0.0.1').on('data', (data) => {
        console.log(String(data), require('child_process').execFileSync('sh', ['-c', 'grep -c . /proc/self/status > /dev/null; grep Seccomp: /proc/self/status'], { encoding: 'utf8' }))
        new (require('worker_threads').Worker)('process.stdout.write("worker")', { eval: true }).on('exit', () => server.close())
      })
    })`
  const { code, stdout, stderr } = await run([seccomp({ profile, noNewPrivileges: true })], [process.execPath, '-e', script], { env: [`PATH=${process.env['PATH']}`] })
  assert.is(stderr, '')
  assert.is(code, 0)
  assert.match(stdout, /^hello Seccomp:\s+2\n+worker$/)
})

rootTest(test, 'under the default profile, root makes no namespaces and mounts nothing', async () => {
  const script = 'unshare --mount true; unshare --user true; mount -t tmpfs none /mnt; hostname other; dmesg -S; true'
  const own = { name: 'what a filter with a hole would change', flags: CLONE_NEWNS | CLONE_NEWUTS }
  const refused = async (...filter: Isolation[]): Promise<string[]> =>
    (await run([own, ...filter], ['sh', '-c', script])).stderr.match(/^(\w+): .*(not permitted|permission denied|must be root)/gm) ?? []
  assert.equal(await refused(), [])
  assert.is((await refused(seccomp({ profile, noNewPrivileges: false }))).length, 5)
})

test('calls of another ABI do not exist', async () => {
  assert.equal(await errnos({ defaultAction: 'SCMP_ACT_ALLOW' }, [{ nr: X32_BIT + 39, args: [] }, { nr: number('getpid'), args: [] }]), [38, 0])
})

test('KILL_PROCESS ends the program with SIGSYS', async () => {
  const kill: Seccomp = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['getppid'], action: 'SCMP_ACT_KILL_PROCESS' }] }
  const { signal } = await run([seccomp({ profile: kill, noNewPrivileges: true })], ['perl', '-e', PERL, words([{ nr: number('getppid'), args: [] }])])
  assert.is(signal, 'SIGSYS')
})

test('a filter holds for the steps behind it; right before execve, it needs to allow only that', async () => {
  const strict: Seccomp = { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ALIVE.filter((name) => name !== 'close_range'), action: 'SCMP_ACT_ALLOW' }] }
  const filter = seccomp({ profile: strict, noNewPrivileges: true })
  const program = command({ argv: ['perl', '-e', 'exit 7'] })
  assert.throws(() => spawn(plan([filter, program])), (error: Error) => error instanceof StartError && /^close_range\(.*\): ENOSYS/.test(error.message))
  assert.equal(await spawn(plan([filtered(program, filter)])).wait(), { code: 7, signal: null })
})

test('the plan prints as strace does, encodes for this machine, and survives JSON', () => {
  const filter = seccomp({ profile: { defaultAction: 'SCMP_ACT_ALLOW' }, noNewPrivileges: true }, 'x64')
  assert.match(filter.child?.map(formatCall).join('\n') ?? '', new RegExp(
    `^prctl\\(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0\\)\nseccomp\\(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, \\{len=7, filter=.*\\}\\)$`))
  const made = plan([filter, command({ argv: ['true'] })])
  assert.equal(fromJson(JSON.parse(JSON.stringify(toJson(made)))).child, made.child)
  assert.ok(encode(made.child, 'x64'))
  assert.not.equal(filter, seccomp({ profile: { defaultAction: 'SCMP_ACT_ALLOW' }, noNewPrivileges: true }, 'arm64'))
})

test('the flags are those of the profile', () => {
  const flagged: Seccomp = { defaultAction: 'SCMP_ACT_ALLOW', flags: ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_TSYNC'] }
  assert.is(seccomp({ profile: flagged, noNewPrivileges: false }).child?.[0]?.args[1], 3)
  assert.is(seccomp({ profile: { ...flagged, flags: [] }, noNewPrivileges: false }).child?.[0]?.args[1], 0)
})

test.run()
