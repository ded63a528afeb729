// Plans as data: built, checked, printed, carried as JSON. No root, no FFI.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  because, capset, chdir, CLONE_NEWPID, CLONE_NEWUTS, clone3, cloneOf, close, CODE_SIZE, command, defaultSignal, dup3, encode, execFailure,
  execve, exit_group, explain, foreground, formatCall, fromJson, makeNode, mayFail, mkdir, mknod, mount, MS_PRIVATE, MS_REC, open, O_CLOEXEC,
  pipe2, plan, read, sethostname, setLimit, setns, STEP, S_IFBLK, S_IFIFO, SYSCALLS, toJson, unshare, wait4, write, type Isolation,
  type Syscall,
} from '@pocker/syscalls'

const box: Isolation = { name: 'box', flags: CLONE_NEWUTS, child: [because('a name', sethostname('box'))] }

test('a plan is its isolations in order, each step signed', () => {
  const { flags, child } = plan([{ name: 'pid', flags: CLONE_NEWPID }, box, command({ argv: ['/bin/true'] })])
  assert.is(flags, CLONE_NEWPID | CLONE_NEWUTS)
  assert.equal(child.map(({ by, call }) => `${by} ${call}`), [
    'box sethostname', 'command fcntl', 'command fcntl', 'command fcntl', 'command close_range', 'command rt_sigaction', 'command rt_sigaction', 'command rt_sigprocmask', 'command execve',
  ])
})

test('a plan without a program is refused', () => {
  assert.throws(() => plan([box]), /expected execve as the last step, got sethostname/)
  assert.throws(() => plan([]), /got no step at all/)
})

test('calls print as strace prints them', () => {
  const cases: readonly [Syscall, string][] = [
    [sethostname('box'), 'sethostname("box", 3)'],
    [sethostname('dü\n"1'), 'sethostname("d\\303\\274\\n\\"1", 6)'],
    [mount('none', '/', null, MS_REC | MS_PRIVATE, null), 'mount("none", "/", NULL, MS_REC|MS_PRIVATE, NULL)'],
    [mount(null, '/', null, MS_REC | 0x200000, null), 'mount(NULL, "/", NULL, MS_REC|0x200000, NULL)'],
    [unshare(CLONE_NEWUTS | CLONE_NEWPID), 'unshare(CLONE_NEWUTS|CLONE_NEWPID)'],
    [mknod('/null', 0o666, 1, 3), 'mknodat(AT_FDCWD, "/null", S_IFCHR|0666, makedev(0x1, 0x3))'],
    [mkdir('/a', 0o755), 'mkdirat(AT_FDCWD, "/a", 0755)'],
    [open('/x', O_CLOEXEC), 'openat(AT_FDCWD, "/x", O_RDONLY|O_CLOEXEC)'],
    [execve('/bin/sh', ['sh', '-c', 'a b'], []), 'execve("/bin/sh", ["sh", "-c", "a b"], [])'],
    [setns({ resultOf: 'there' }, CLONE_NEWUTS), 'setns(<there>, CLONE_NEWUTS)'],
    [dup3(5, 0, 0), 'dup3(5, 0, 0)'],
    [pipe2(O_CLOEXEC), 'pipe2({…}, O_CLOEXEC)'],
    [makeNode('/x', S_IFIFO | 0o600, 0), 'mknodat(AT_FDCWD, "/x", S_IFIFO|0600, makedev(0, 0))'],
    // Minor number 300 is 0x12c: its lower eight bits, the major number 8, its upper bits.
    [makeNode('/x', S_IFBLK | 0o660, 0x10_082c), 'mknodat(AT_FDCWD, "/x", S_IFBLK|0660, makedev(0x8, 0x12c))'],
    [write(1, 'a\udcff'), 'write(1, "a\\377", 2)'], // a byte that is no UTF-8, see names.ts
  ]
  for (const [call, text] of cases) assert.is(formatCall(call), text)
})

test('explain shows who adds a step, and why', () => {
  const text = explain(plan([box, command({ argv: ['/bin/true'] })]))
  assert.match(text, /clone3\(\{flags=CLONE_VM\|CLONE_VFORK\|CLONE_NEWUTS\|CLONE_CLEAR_SIGHAND, exit_signal=SIGCHLD\}, 64\)/)
  assert.match(text, /^ {2}box +sethostname\("box", 3\) +# a name$/m)
  assert.match(text, /^ {2}command +execve\(.*# become the program$/m)
})

test('a process between makes the container; what is done beside it is the parent\'s', () => {
  const between: Isolation = { name: 'x', before: [chdir('/')], beside: [{ path: '/proc/{pid}/uid_map', data: '0 0 1' }] }
  const text = explain(plan([box, between, command({ argv: ['/bin/true'] })]))
  assert.match(text, /^between parent and child:\n {2}x {6}chdir\("\/"\).*\n {2}clone {2}clone3\(/)
  assert.match(text, /^the parent:\n {2}beside {2}write\("\/proc\/\{pid\}\/uid_map", "0 0 1"\)/m)
})

test('the plan of a container is plain JSON, and stays what it is', () => {
  const container = plan([foreground(), box, command({ argv: ['/bin/true'], env: ['A=1'], cwd: '/w' })])
  const text = JSON.stringify(toJson(container))
  assert.equal(JSON.parse(text), {
    flags: 'CLONE_NEWUTS', needs: [], before: [], beside: [],
    child: [
      { call: 'setsid', args: [], by: 'foreground', why: 'Ctrl-C comes from the parent, once' },
      { call: 'prctl', args: ['PR_SET_PDEATHSIG', 'SIGKILL'], by: 'foreground', why: 'die with the parent' },
      { call: 'sethostname', args: ['box', 3], by: 'box', why: 'a name' },
      { call: 'mkdirat', args: [-100, '/w', 0o755], by: 'command', mayFail: true },
      { call: 'chdir', args: ['/w'], by: 'command' },
      ...[0, 1, 2].map((fd) => ({ call: 'fcntl', args: [fd, 'F_SETFD', '0'], by: 'command', why: 'node opens its stdio close-on-exec' })),
      { call: 'close_range', args: [3, 4294967295, 'CLOSE_RANGE_CLOEXEC'], by: 'command', why: 'whatever else the caller had open stays outside' },
      ...['SIGPIPE', 'SIGXFSZ'].map((name) => ({ call: 'rt_sigaction', args: [name, { sa_handler: 'SIG_DFL', sa_mask: [], sa_flags: 0 }, null, 8], by: 'command', why: 'node ignores it, and ignored signals stay ignored' })),
      { call: 'rt_sigprocmask', args: ['SIG_SETMASK', [], null, 8], by: 'command', why: 'the parent blocked all of them for the clone' },
      { call: 'execve', args: ['/bin/true', ['/bin/true'], ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'A=1']], by: 'command' },
    ],
  })
  const back = fromJson(JSON.parse(text))
  assert.equal({ ...back, name: undefined }, { ...container, name: undefined })
})

test('a group to be born in is part of the plan: one, by its directory', () => {
  const grouped = (directory: string): Isolation => ({ name: 'group', cgroup: directory, child: [close({ resultOf: directory })] })
  const born = plan([grouped('/c/x'), command({ argv: ['/bin/true'] })])
  assert.match(explain(born), /CLONE_CLEAR_SIGHAND\|CLONE_INTO_CGROUP, exit_signal=SIGCHLD, cgroup=<\/c\/x>\}, 88\)/)
  assert.is(fromJson(JSON.parse(JSON.stringify(toJson(born)))).cgroup, '/c/x')
  assert.throws(() => fromJson({ cgroup: 7 }), /^cgroup: expected text, got 7$/)
  assert.throws(() => plan([grouped('/c/x'), grouped('/c/y'), command({ argv: ['/bin/true'] })]), /^plan: expected one cgroup to be born in, got \/c\/x and \/c\/y$/)
  const clone = cloneOf(born)
  assert.throws(() => encode([clone], 'x64'), /^clone3: args\.cgroup: expected a number that is known beforehand, got \/c\/x$/)
  const { bytes } = encode([clone], 'x64', { '/c/x': 7 })
  const args = bytes.readUInt32LE(STEP.args) - CODE_SIZE
  assert.is(bytes.readBigUInt64LE(args + 80), 7n) // struct clone_args, <linux/sched.h>
})

test('nested lists, names and buffers survive JSON', () => {
  const isolation: Isolation = {
    name: 'nested', flags: 0n,
    needs: [{ name: 'dir', make: [mkdir('/x', 0o700)], undo: [chdir('/')] }],
    before: [unshare(CLONE_NEWUTS)], beside: [{ path: '/proc/{pid}/uid_map', data: '0 0 1' }],
    child: [mayFail(chdir('/x'), 'ENOENT'), mayFail({ ...clone3(CLONE_NEWPID, [exit_group(3)]), as: 'inner' }), wait4({ resultOf: 'inner' }, 0), read(0, 7)],
  }
  assert.equal(fromJson(JSON.parse(JSON.stringify(toJson(isolation)))), isolation)
})

test('whatever JSON comes in, it is decoded or refused by a SpecError, and what is decoded encodes or is refused too', () => {
  const value = fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.array(fc.string()), fc.record({ out: fc.integer({ min: 0, max: 99 }) }), fc.object())
  const step = fc.record({ call: fc.constantFrom(...Object.keys(SYSCALLS), 'reboot', '__proto__', 'toString'), args: fc.array(value, { maxLength: 6 }) })
  fc.assert(fc.property(fc.oneof(fc.record({ flags: fc.string(), child: fc.array(step) }), fc.record({ child: fc.array(step) }), fc.jsonValue()), (json) => {
    try {
      encode(fromJson(json).child ?? [], 'x64')
    } catch (error) {
      if ((error as Error).name !== 'SpecError') throw error
    }
  }), { numRuns: 500 })
})

test('a number that JSON does not hold travels as text', () => {
  const list = [setLimit(7, 2n ** 53n + 1n, 2n ** 64n - 1n)]
  const back = fromJson(JSON.parse(JSON.stringify(toJson({ name: 'limit', child: list }))))
  assert.equal(encode(back.child ?? [], 'x64').bytes, encode(list, 'x64').bytes)
})

test('data that lies too deep to be shown is refused like all other', () => {
  const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) as unknown
  for (const json of [{ name: deep }, { child: [{ call: deep }] }, { child: [{ call: 'chdir', args: [deep] }] }]) {
    assert.throws(() => encode(fromJson(json).child ?? [], 'x64'), (error: Error) => error.name === 'SpecError')
  }
})

test('errors that a step may have are a list, or true: nothing else is passed over', () => {
  const step = (mayFail: unknown): unknown => fromJson({ child: [{ call: 'getpid', args: [], mayFail }] }).child?.[0]?.mayFail
  assert.equal([step(true), step(['ENOENT']), step(false)], [true, ['ENOENT'], undefined])
  assert.throws(() => step('ENOENT'), /^child\[0\]\.mayFail: expected a list, got "ENOENT"$/)
})

test('what a list of its own names, the steps behind it do not know', () => {
  const inner = (...behind: Syscall[]): Syscall[] =>
    [{ ...open('/', 0), as: 'dir' }, { ...clone3(0n, [{ ...open('/', 0), as: 'dir' }, { ...read(0, 1), as: 'bytes' }]), as: 'child' }, ...behind]
  const { bytes, steps } = encode(inner(close({ resultOf: 'dir' })), 'x64')
  const [first, last] = [steps[0], steps.at(-1)]
  assert.is(bytes.readBigUInt64LE((last?.at ?? 0) - CODE_SIZE + STEP.args), BigInt((first?.at ?? 0) + STEP.result))
  assert.throws(() => encode(inner(close({ resultOf: 'bytes' })), 'x64'), /expected the name of an earlier step, got bytes/)
})

test('an argument that does not fit is refused, with what was expected', () => {
  const refused: readonly [Syscall, RegExp][] = [
    [{ call: 'sethostname', args: ['box'] }, /sethostname: expected 2 arguments \(name, len\), got 1/],
    [{ call: 'sethostname', args: [7, 1] }, /sethostname: name: expected text, got 7/],
    [{ call: 'sethostname', args: ['a\0b', 3] }, /sethostname: name: expected text without a NUL byte/],
    [{ call: 'chdir', args: [['/']] }, /chdir: path: expected text, got \["\/"\]/],
    [{ call: 'unshare', args: ['CLONE_NEWUTS'] }, /unshare: flags: expected flags, got "CLONE_NEWUTS"/],
    [{ call: 'rt_sigprocmask', args: [2, ['SIGNOPE'], null, 8] }, /expected a name such as SIGINT, got "SIGNOPE"/],
    [{ call: 'clone3', args: [{ flagz: 1 }, 64] }, /clone3: args: expected the fields flags, pidfd, .*, got flagz/],
    [{ call: 'setns', args: [{ resultOf: 'nobody' }, 0] }, /expected the name of an earlier step, got nobody/],
    [close({ resultOf: 'constructor' }), /expected the name of an earlier step, got constructor/],
    [{ call: 'rt_sigprocmask', args: [2, ['toString'], null, 8] }, /expected a name such as SIGINT, got "toString"/],
    [capset({ effective: ['toString'], permitted: [], inheritable: [] }), /expected a name such as CAP_CHOWN, got "toString"/],
    [setLimit(7, 2n ** 64n, 0n), /prlimit64: new\.rlim_cur: expected a whole number, got 18446744073709551616/],
    [setLimit(7, 0n, -(2n ** 63n) - 1n), /rlim_max: expected a whole number, got -9223372036854775809/],
    [{ call: 'read', args: [0, { out: 1e12 }, 1] }, /read: buffer: expected a buffer of 0 to 1048576 bytes, got 1000000000000/],
    [{ call: 'read', args: [0, { out: -8 }, 1] }, /got -8/],
    [{ call: 'reboot' as 'chdir', args: [] }, /reboot: no such system call in the table/],
  ]
  for (const [call, message] of refused) assert.throws(() => encode([call], 'x64'), message)
})

test('lists within lists without end are refused', () => {
  const nest = (depth: number): unknown => ({ call: 'getpid', args: [], ...(depth > 0 && { onZero: [nest(depth - 1)] }) })
  assert.is(fromJson({ child: [nest(10)] }).child?.length, 1)
  assert.throws(() => fromJson({ child: [nest(1000)] }), /onZero: expected at most 16 lists within each other/)
})

test('an image holds one step of 80 bytes for each call, then the end', () => {
  const { bytes, entry, steps, pointers } = encode([sethostname('box'), exit_group(0)], 'x64')
  assert.is(entry, CODE_SIZE)
  assert.equal(steps.map(({ at }) => at - entry), [0, STEP.size])
  assert.is(bytes.readBigInt64LE(0), 170n)
  assert.is(bytes.readBigInt64LE(2 * STEP.size), -1n)
  assert.is(pointers.length, 1)
  const name = Number(bytes.readBigUInt64LE(STEP.args)) - CODE_SIZE
  assert.is(bytes.toString('latin1', name, name + 4), 'box\0')
  assert.is(encode([sethostname('box')], 'arm64').bytes.readBigInt64LE(0), 161n)
})

test('a program without a slash is looked up in PATH, as execvp does it', () => {
  const paths = (argv: string[], env: string[] = []): unknown[] =>
    (command({ argv, env }).child ?? []).filter(({ call }) => call === 'execve').map(({ args, mayFail: may }) => [args[0], may ?? false])
  const gone = ['ENOENT', 'ENOTDIR', 'EACCES']
  assert.equal(paths(['ls'], ['PATH=/a::/b']), [['/a/ls', gone], ['./ls', gone], ['/b/ls', false]])
  assert.equal(paths(['./ls'], ['PATH=/a:/b']), [['./ls', false]])
  assert.is(paths(['ls']).length, 6)
})

test('a file that is there and refused tells more than those that are not there', () => {
  const at = (...errnos: number[]): { path: string; errno: number }[] => errnos.map((errno, i) => ({ path: `/${i}`, errno }))
  assert.equal(execFailure('x', at(2, 20, 2)), { message: 'exec: "x": executable file not found in $PATH', exitCode: 127 })
  assert.equal(execFailure('x', at(2, 13, 2)), { message: 'exec: "x": permission denied: expected an executable file', exitCode: 126 })
  assert.equal(execFailure('/x', at(2)), { message: 'exec: "/x": no such file or directory', exitCode: 127 })
  assert.equal(execFailure('/x', at(8)), { message: 'exec: "/x": exec format error', exitCode: 126 })
})

test('a command without a program, or with a NUL in it, is refused', () => {
  assert.throws(() => command({ argv: [] }), /expected a program and its arguments, got none/)
  assert.throws(() => command({ argv: ['a', 'b\0c'] }), /without a NUL byte, got "b\\u0000c"/)
})

test('a descriptor is not taken twice by different ones: who comes second would get the first one\'s', () => {
  const argv = ['true']
  assert.throws(() => command({ argv, stdio: [0, 2, 1] }), /expected another descriptor to become 2 than 1, which is replaced before/)
  assert.throws(() => command({ argv, stdio: [7, 0, 2] }), /expected another descriptor to become 1 than 0/)
  const copies = (...stdio: [number, number, number]): unknown =>
    command({ argv, stdio }).child?.filter(({ call }) => call === 'dup3').map(({ args }) => args)
  assert.equal(copies(0, 2, 2), [[2, 1, 0]])
  assert.equal(copies(7, 8, 8), [[7, 0, 0], [8, 1, 0], [8, 2, 0]])
})

test('a signal without a name is none that can be set', () => {
  for (const name of ['SIGNOPE', 'toString']) assert.throws(() => defaultSignal(name), new RegExp(`got ${name}$`))
})

test.run()
