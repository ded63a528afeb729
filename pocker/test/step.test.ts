// `pocker step`, as somebody at a terminal sees it, and as a program reads it.
import { spawn, spawnSync, type ChildProcess, type SpawnSyncReturns } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as lines } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { call, command, getStatusFlags, O_NONBLOCK, Pipe, plan, setStatusFlags, spawn as start } from '@pocker/syscalls'
import { busybox, rootTest } from '@pocker/testing'

const bin = fileURLToPath(new URL('../bin/pocker.mjs', import.meta.url))
const DEADLINE = 30_000
let dir = ''
const env = (): NodeJS.ProcessEnv => {
  const { FORCE_COLOR: _, ...rest } = process.env // the test runner sets it
  return { ...rest, NO_COLOR: '1', POCKER_ROOT: join(dir, 'root') }
}
test.before.each(() => { dir = mkdtempSync(join(tmpdir(), 'step-')) })
test.after.each(() => rmSync(dir, { recursive: true, force: true }))

const pocker = (args: readonly string[], input = ''): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', input, env: env() })

/** The words of `step run` for a container named box. */
const words = async (program: readonly string[], ...flags: string[]): Promise<string[]> =>
  ['step', 'run', ...flags, '-h', 'box', await busybox(), ...program]

interface Line {
  n: number
  total: number
  by: string
  call: string
  args: unknown[]
  text: string
  why: string
  result: { value: number | null; error?: string }
  changes: { what: string; was: string; is: string }[]
}
const parse = (stdout: string): Line[] => stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as Line)

/** A terminal of 100 columns and 40 lines, on a tmux server of its own. */
class Terminal {
  readonly #socket = join(mkdtempSync(join(dir, 'tmux-')), 'pocker-test')

  constructor(command: readonly string[]) {
    const quoted = command.map((word) => `'${word.replaceAll('\'', `'\\''`)}'`).join(' ')
    // The shell stays until it is told to go, so that the last screen can be read.
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', '100', '-y', '40', `${quoted}; echo "shell: $?"; read end`)
  }

  keys(...keys: string[]): void {
    this.#tmux('send-keys', ...keys)
  }

  /** @returns the screen, its history included */
  screen(): string {
    return this.#tmux('capture-pane', '-p', '-S', '-').trimEnd()
  }

  /** @returns the screen as soon as it ends like this */
  async until(end: RegExp): Promise<string> {
    const deadline = Date.now() + DEADLINE
    for (;;) {
      const screen = this.screen()
      if (end.test(screen)) return screen
      if (Date.now() > deadline) assert.unreachable(`expected ${end} at the end of:\n${screen}`)
      await pause(20)
    }
  }

  close(): void {
    spawnSync('tmux', ['-S', this.#socket, 'kill-server'])
  }

  #tmux(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync('tmux', ['-u', '-S', this.#socket, ...args], { encoding: 'utf8', env: env() })
    assert.is(status, 0, stderr)
    return stdout
  }
}

async function atTerminal(command: readonly string[], body: (terminal: Terminal) => Promise<void>): Promise<void> {
  const terminal = new Terminal([process.execPath, bin, ...command])
  try {
    await body(terminal)
  } finally {
    terminal.close()
  }
}

/** The prompt stands under the call that is next, which has no answer yet. */
const asks = (call: string): RegExp => new RegExp(` {2}${call}\\((?:(?!\\n += )[^])*\\nEnter · c · b NAME · q · \\? {2}›$`)

/** Numbers that differ from run to run get names, columns one width. */
const normal = (text: string): string[] => text.split('\n').map((line) => line.trimEnd()
  .replace(/^ *\d+\/\d+/, 'N').replace(/(session:) \d+ → \d+/, '$1 PID → PID').replaceAll(hostname(), 'HOST')
  .replaceAll(/\/dev\/pts\/\d+/g, 'TTY').replaceAll(/ {2,}/g, '  '))

/** The screen between two calls, the first one included. */
const part = (screen: string, from: string, to: string): string[] => {
  const lines = normal(screen)
  const at = (call: string): number => lines.findIndex((line) => line.includes(`  ${call}(`))
  return lines.slice(at(from), to === '' ? undefined : at(to))
}

rootTest(test, 'at a terminal: one call for each Enter, then on to execve, then the program has the keyboard', async () => {
  await atTerminal(await words(['/bin/sh', '-c', 'read line; echo "got $line"; hostname; exit 7']), async (terminal) => {
    const first = await terminal.until(asks('setsid'))
    assert.match(first, /^A process that waits before each of its \d+ system calls\.\nEnter: make the next · c: all the rest/)
    assert.match(first, /\n +0\/\d+ +clone +clone3\(\{flags=.*CLONE_NEWUTS.*\n(.*\n)* += \d+\n(.*\n)* +uts namespace: uts:\[\d+\] → uts:\[\d+\]\n/)
    terminal.keys('Enter')
    await terminal.until(asks('prctl'))
    terminal.keys('b sethostname', 'Enter')
    await terminal.until(asks('sethostname'))
    terminal.keys('Enter')
    await terminal.until(/host name: \S+ → box\n[^›]*›$/)
    terminal.keys('b execve', 'Enter')
    await terminal.until(asks('execve'))
    terminal.keys('Enter')
    await terminal.until(/become the program$/)
    terminal.keys('hello', 'Enter')
    const screen = await terminal.until(/\nshell: \d+$/)
    assert.equal(part(screen, 'setsid', '').slice(0, 7), [
      'N  foreground  setsid()',
      '  Ctrl-C comes from the parent, once',
      '  = 1',
      '  session: PID → PID',
      'N  foreground  prctl(PR_SET_PDEATHSIG, SIGKILL)',
      '  die with the parent',
      '  = 0',
    ])
    assert.equal(part(screen, 'sethostname', '').slice(0, 4), [
      'N  uts  sethostname("box", 3)', '  the container\'s own name', '  = 0', '  host name: HOST → box',
    ])
    const tail = normal(screen)
    assert.equal(tail.slice(tail.findIndex((line) => line.includes('fcntl(0'))), [
      'N  command  fcntl(0, F_SETFD, 0)',
      '  node opens its stdio close-on-exec',
      '  = 0',
      '  descriptor 0: TTY → TTY, kept by execve',
      'N  command  fcntl(1, F_SETFD, 0)',
      '  node opens its stdio close-on-exec',
      '  = 0',
      '  descriptor 1: TTY → TTY, kept by execve',
      'N  command  fcntl(2, F_SETFD, 0)',
      '  node opens its stdio close-on-exec',
      '  = 0',
      '  descriptor 2: TTY → TTY, kept by execve',
      'N  command  close_range(3, 4294967295, CLOSE_RANGE_CLOEXEC)',
      '  whatever else the caller had open stays outside',
      '  = 0',
      'N  command  rt_sigaction(SIGPIPE, {sa_handler=SIG_DFL, sa_mask=[], sa_flags=0}, NULL,',
      '  8)',
      '  node ignores it, and ignored signals stay ignored',
      '  = 0',
      '  ignored signals: no longer SIGPIPE',
      'N  command  rt_sigaction(SIGXFSZ, {sa_handler=SIG_DFL, sa_mask=[], sa_flags=0}, NULL,',
      '  8)',
      '  node ignores it, and ignored signals stay ignored',
      '  = 0',
      '  ignored signals: no longer SIGXFSZ',
      'N  command  rt_sigprocmask(SIG_SETMASK, [], NULL, 8)',
      '  the parent blocked all of them for the clone',
      '  = 0',
      '  blocked signals: all → none',
      'N  command  execve("/bin/sh", ["/bin/sh", "-c", "read line; echo \\"got $line\\";',
      '  hostname; exit 7"], [/* 3 vars */])',
      '  become the program',
      'hello',
      'got hello',
      'box',
      '',
      'the program ended: exit code 7',
      'shell: 7',
    ])
  })
})

rootTest(test, 'at a terminal: help and mistakes are answered, and Ctrl-C and q are the end of the container', async () => {
  for (const end of ['C-c', 'C-d', 'q']) {
    await atTerminal(await words(['hostname']), async (terminal) => {
      await terminal.until(asks('setsid'))
      terminal.keys('?', 'Enter')
      await terminal.until(/ {2}b NAME {2}make the calls before .*\n.*\n.*›$/)
      terminal.keys('b sethstname', 'Enter')
      await terminal.until(/\n {2}sethstname: no such system call; did you mean sethostname\?\n.*›$/)
      terminal.keys(...(end === 'q' ? ['q', 'Enter'] : [end]))
      const screen = await terminal.until(/\nshell: \d+$/)
      assert.match(screen, /\nstopped before step 1: the container is gone\nshell: 125$/)
    })
  }
})

rootTest(test, 'through a pipe: b stops before the next call of that name, a typo is one line, and the rest is the program\'s', async () => {
  const { status, stdout } = pocker(await words(['/bin/cat']), 'b sethstname\nb uname\nb\nx\nb execve\nb execve\nb sethostname\n\nfor cat\n')
  assert.is(status, 0)
  assert.match(stdout, /\n {2}sethstname: no such system call; did you mean sethostname\?\n {2}uname: not among the \d+ calls after this one\n {2}b: expected the name of a system call, such as b execve\n {2}expected Enter, c, b NAME, q or \?, got x\n/)
  assert.match(stdout, /execve\("\/bin\/cat", .*\n +become the program\n {2}execve: not among the 0 calls after this one\n {2}sethostname: not among the 0 calls after this one\nfor cat\n\nthe program ended: exit code 0\n$/)
})

rootTest(test, 'through a pipe: q and the end of the input stop the container', async () => {
  const cases: readonly [string, number][] = [['q\n', 1], ['', 1], ['\n\nq\n', 3], ['\n\n\n', 4], ['b execve\nq\n', 0]]
  for (const [input, n] of cases) {
    const { status, stdout } = pocker(await words(['/bin/hostname']), input)
    assert.is(status, 125)
    assert.match(stdout, new RegExp(`\\nstopped before step ${n || '\\d+'}: the container is gone\\n$`))
    assert.not.match(stdout, /^box$/m)
  }
})

rootTest(test, 'no line is wider than 100 columns, and --verbose shows the environment', async () => {
  const short = pocker(await words(['hostname'], '-w', '/tmp'), 'c\n').stdout
  for (const line of short.split('\n')) assert.ok([...line].length <= 100, line)
  assert.match(short, /execve\("\/bin\/hostname", \["hostname"\], \[\/\* 3 vars \*\/\]\)\n/)
  const long = pocker(await words(['hostname'], '--verbose'), 'c\n').stdout
  for (const line of long.split('\n')) assert.ok([...line].length <= 100, line)
  assert.match(long, /"HOSTNAME=box"/)
})

rootTest(test, 'a new root does not make the mounts of the table new, nor other names of open files changes', async () => {
  const { stdout } = pocker(await words(['true'], '--json'))
  const pivot = parse(stdout).find(({ call }) => call === 'pivot_root')
  assert.ok(pivot)
  assert.equal(pivot.changes.filter(({ what }) => what.startsWith('descriptor ')), [])
  const mounts = pivot.changes.filter(({ what }) => what.startsWith('mount '))
  assert.ok(mounts.length > 0)
  for (const { was, is } of mounts) assert.is(was.replace(await busybox(), '').replace(/^ /, '/ ').split(' ')[0], is.split(' ')[0])
})

rootTest(test, '--json: an object a line, none asked for, and the container\'s output is on standard error', async () => {
  for (const args of [await words(['sh', '-c', 'cat; hostname'], '--json'), ['step', '--json', ...(await words(['sh', '-c', 'cat; hostname'])).slice(1)]]) {
    const { status, stdout, stderr } = pocker(args, 'in\n')
    assert.equal([status, stderr], [0, 'in\nbox\n'])
    const lines = parse(stdout)
    const total = lines[0]?.total
    assert.equal(lines.map(({ n }) => n), lines.map((_, i) => i))
    assert.ok(lines.every((line) => line.total === total))
    assert.match(lines[0]?.text ?? '', /^clone3\(/)
    assert.ok(lines[0]?.changes.some(({ what }) => what === 'uts namespace'))
    const name = lines.find(({ call }) => call === 'sethostname')
    assert.equal(name, {
      n: name?.n, total, by: 'uts', call: 'sethostname', args: ['box', 3], text: 'sethostname("box", 3)', why: 'the container\'s own name',
      result: { value: 0 }, changes: [{ what: 'host name', was: hostname(), is: 'box' }],
    })
    const executed = lines.filter(({ call }) => call === 'execve').map(({ result }) => result)
    assert.equal(executed.at(-1), { value: null })
    assert.equal(executed[0], { value: -2, error: 'ENOENT' })
    assert.equal(lines.find(({ call, args: [how] }) => call === 'rt_sigprocmask' && how === 'SIG_SETMASK')?.changes, [{ what: 'blocked signals', was: 'all', is: '' }])
  }
})

rootTest(test, '--json: an output that does not block is made to, so no line is lost to a slow reader', async () => {
  const out = new Pipe()
  call(setStatusFlags(out.writer, O_NONBLOCK)) // node's own spawn would take that back
  const argv = [process.execPath, bin, ...await words(['/bin/true'], '--json')]
  const vars = Object.entries(env()).map(([name, value]) => `${name}=${value}`)
  const child = start(plan([command({ argv, env: vars, stdio: [0, out.writer, 2] })]))
  const text = lines(new Socket({ fd: out.handOver(), readable: true, writable: false }))
  const { code } = await child.wait()
  const flags = Number(call(getStatusFlags(out.writer)).value)
  out.close()
  assert.equal([code, flags & O_NONBLOCK, parse(await text).at(-1)?.call], [0, 0, 'execve'])
})

rootTest(test, 'a step that fails is shown with its errno, and said as run says it, with its exit code', async () => {
  const cases: readonly [readonly string[], readonly string[], RegExp, RegExp][] = [
    [['bash'], [], /execve\("\/bin\/bash", .*\n.*\n += ENOENT \(no such file or directory\): the container ends\n$/, /^exec: "bash": executable file not found in \$PATH$/],
    [['/etc/passwd'], [], / += EACCES \(permission denied\): the container ends\n$/, /^exec: "\/etc\/passwd": permission denied/],
    [['true'], ['-w', '/etc/passwd'], /chdir\("\/etc\/passwd"\)\n.*\n += ENOTDIR \(not a directory\): the container ends\n$/, /^chdir\("\/etc\/passwd"\): ENOTDIR/],
  ]
  for (const [program, flags, shown, said] of cases) {
    const args = await words(program, ...flags)
    const stepped = pocker(args, 'c\n')
    const ran = pocker(args.slice(1))
    assert.equal([stepped.status, stepped.stderr], [ran.status, ran.stderr])
    assert.match(stepped.stdout, shown)
    assert.match(stepped.stderr.replace(/^pocker: (.*)\n$/, '$1'), said)
    const last = parse(pocker(['step', '--json', ...args.slice(1)]).stdout).at(-1)
    assert.match(String(last?.result.error), /^E[A-Z]+$/)
  }
})

/** How many Enters lead to the first call of each name; with POCKER_TEST_LONG=1, to every call. */
async function stops(args: readonly string[]): Promise<number[]> {
  const { child } = JSON.parse(pocker(['explain', '--json', ...args.slice(1)]).stdout) as { child: { by: string; call: string }[] }
  const names = child.map(({ by, call }) => `${by} ${call}`)
  return names.flatMap((name, i) => (process.env['POCKER_TEST_LONG'] === '1' || names.indexOf(name) === i ? [i] : []))
}

/** If it ends instead, what it said is told. */
function shows(child: ChildProcess, wanted: RegExp): Promise<void> {
  let output = ''
  return new Promise((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`expected ${wanted}, got its end, ${code}, and ${output}`)))
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (wanted.test(output)) resolve()
    })
  })
}

rootTest(test, 'kill -9 of pocker before any step takes the container with it', async () => {
  const args = await words(['/bin/cat'])
  for (const enters of await stops(args)) {
    const child = spawn(process.execPath, [bin, ...args], { stdio: ['pipe', 'pipe', 'inherit'], env: env() })
    child.stdin.write('\n'.repeat(enters))
    await shows(child, new RegExp(`\\n *${enters + 1}/`))
    const pid = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8'))
    assert.ok(existsSync(`/proc/${pid}/root/.`), `before step ${enters + 1}`)
    child.kill('SIGKILL')
    await once(child, 'close') // its output ends only when the container, which shares it, has ended too
    assert.not.ok(existsSync(`/proc/${pid}/root/.`), `after step ${enters}`)
  }
})

rootTest(test, 'a container that somebody kills between two steps is one line', async () => {
  const child = spawn(process.execPath, [bin, ...await words(['/bin/cat'])], { env: env() })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => { errors += text })
  await shows(child, /\n +1\//)
  process.kill(Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')), 'SIGKILL')
  child.stdin.write('\n')
  assert.equal(await once(child, 'close'), [125, null])
  assert.is(errors, 'pocker: setsid(): ESRCH (no such process)\n')
})

rootTest(test, 'a container that joins another: the steps of the process between come first, then the clone that makes it', async () => {
  const other = spawn('unshare', ['--pid', '--fork', '--kill-child', 'sh', '-c', 'echo up; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(other.stdout, 'data')
    const children = `/proc/${other.pid}/task/${other.pid}/children`
    const { stdout, status } = pocker(await words(['sh', '-c', 'exit 3'], '--json', '--pid', `container:${readFileSync(children, 'utf8').trim()}`))
    assert.is(status, 3)
    const lines = parse(stdout)
    const made = lines.findIndex(({ n, call }) => n > 0 && call === 'clone3')
    assert.equal(lines.slice(0, made).map(({ by, call }) => `${by} ${call}`), ['clone clone3', 'pid prctl', 'pid openat', 'pid setns', 'pid close'])
    assert.ok(lines[made]?.changes.some(({ what }) => what === 'pid namespace'))
    assert.is(lines[made + 1]?.by, 'foreground')
  } finally {
    other.kill('SIGKILL')
    await once(other, 'exit')
  }
})

rootTest(test, 'when the program runs, signals reach it as under `pocker run`', async () => {
  const args = await words(['sh', '-c', 'trap "exit 9" TERM; echo ready; while :; do read -t 1 line; done'])
  const child = spawn(process.execPath, [bin, ...args], { env: env(), stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.write('c\n')
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
  while (!/^ready$/m.test(text)) await once(child.stdout, 'data')
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit') as [number]
  assert.is(code, 9)
})

test.run()
