// Process numbers, /proc and init, for real.
import { closeSync, existsSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chroot } from '@pocker/chroot'
import { findInit, init, parsePidMode, pid, proc } from '@pocker/pid'
import {
  CLONE_NEWNS, CLONE_NEWPID, command, dropBounding, explain, foreground, namespaces, pipe, plan, run, spawn,
  Stepper, type Child, type Finished, type Isolation, type Plan,
} from '@pocker/syscalls'
import { busybox, rootTest } from '@pocker/testing'

interface Wish { readonly looker?: readonly Isolation[]; readonly init?: boolean; readonly mode?: Parameters<typeof pid>[0]['mode'] }

/** The isolations of chapters 01 and 03 in their order. */
function parts(path: string, { init: wanted = false, mode = 'private', looker = [] }: Wish = {}) {
  const { privately, mounted } = proc()
  const { held, execute } = init(findInit())
  return {
    isolations: [pid({ mode }), privately, ...(wanted ? [held] : []), chroot({ path }), mounted, ...looker],
    ...(wanted && { execute }),
  }
}

async function inside(script: string, wish?: Wish): Promise<Finished> {
  const { isolations, ...options } = parts(await busybox(), wish)
  return run(isolations, ['sh', '-c', script], options)
}

interface Talk { child: Child; line: () => Promise<string>; send: (text: string) => void; close: () => void }

/** Starts a script and gives it with a way to read its next line. */
async function talking(script: string, wish?: Wish): Promise<Talk> {
  const { isolations, ...options } = parts(await busybox(), wish)
  const [input, output] = [pipe(), pipe()]
  const container: Plan = plan([foreground(), ...isolations, command({ argv: ['sh', '-c', script], stdio: [input.reader, output.writer, 2], ...options })])
  const child = spawn(container)
  for (const fd of [input.reader, output.writer]) closeSync(fd)
  const [writer, reader] = [new Socket({ fd: input.writer, readable: false, writable: true }), new Socket({ fd: output.reader, writable: false })]
  let text = ''
  reader.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
  const line = async (): Promise<string> => {
    while (!text.includes('\n')) await once(reader, 'data')
    const at = text.indexOf('\n')
    const first = text.slice(0, at)
    text = text.slice(at + 1)
    return first
  }
  const send = (line: string): void => void writer.write(`${line}\n`)
  return { child, line, send, close: () => { writer.destroy(); reader.destroy() } }
}

test('a namespace of its own is a flag, the host\'s is nothing, another\'s is entered by a process in between', () => {
  assert.equal(pid({ mode: 'private' }), { name: 'pid', flags: CLONE_NEWPID })
  assert.equal(pid({ mode: 'host' }), { name: 'pid' })
  assert.equal(pid({ mode: { join: 42 } }).before?.map(({ call }) => call), ['prctl', 'openat', 'setns', 'close'])
  assert.throws(() => pid({ mode: { join: 0 } }), /pid\.join: expected a process number, got 0/)
})

test('--pid is parsed as Docker writes it', () => {
  assert.is(parsePidMode(undefined), 'private')
  assert.is(parsePidMode('host'), 'host')
  assert.equal(parsePidMode('container:42'), { join: 42 })
  for (const wrong of ['Host', 'container:', 'container:x', '42']) {
    assert.throws(() => parsePidMode(wrong), new RegExp(`--pid: expected host, .*, got ${wrong}$`))
  }
})

test('/proc is mounted in a mount namespace, after the root has changed', () => {
  const { privately, mounted } = proc()
  assert.is(privately.flags, CLONE_NEWNS)
  const text = explain(plan([privately, chroot({ path: '/r' }), mounted, command({ argv: ['/bin/true'] })]))
  assert.ok(text.indexOf('MS_PRIVATE') < text.indexOf('chroot("/r")'))
  assert.ok(text.indexOf('chroot("/r")') < text.indexOf('mount("proc", "/proc"'))
})

test('without an init installed, the message says which package has one', () => {
  assert.throws(() => findInit(['/nope/tini']), /init: expected Debian's tini \(\/nope\/tini\), found none; try: apt-get install tini/)
})

rootTest(test, 'the program is process 1, and sees only its own', async () => {
  const before = readFileSync('/proc/mounts', 'utf8')
  assert.is((await inside('echo $$; echo /proc/[0-9]*')).stdout, '1\n/proc/1\n')
  assert.is(readFileSync('/proc/mounts', 'utf8'), before)
})

rootTest(test, 'one process, two numbers: inside and outside', async () => {
  const { child, line, close } = await talking('echo $$; read line')
  assert.is(await line(), '1')
  assert.match(readFileSync(`/proc/${child.pid}/status`, 'utf8'), new RegExp(`^NSpid:\\t${child.pid}\\t1$`, 'm'))
  assert.is.not(namespaces(child.pid)['pid'], namespaces('self')['pid'])
  close()
  child.kill('SIGKILL')
  await child.wait()
})

rootTest(test, 'with the host\'s numbers, the host\'s processes are seen', async () => {
  const { stdout } = await inside('echo $$; ls -d /proc/1 /proc/$PPID', { mode: 'host' })
  assert.match(stdout, /^\d{2,}\n\/proc\/1\n/)
})

rootTest(test, 'when process 1 ends, all others end with it', async () => {
  const { child, line, close } = await talking('sleep 600 & sleep 600 & echo started; read line')
  assert.is(await line(), 'started')
  const inner = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ')
  assert.is(inner.length, 2)
  child.kill('SIGKILL')
  await child.wait() // the kernel lets a process 1 go only when its namespace is empty
  for (const number of inner) assert.not.ok(existsSync(`/proc/${number}/exe`), number)
  close()
})

rootTest(test, 'another container\'s processes are shared by joining their namespace', async () => {
  const { child, line, close } = await talking('echo ready; read line')
  await line()
  const joined = await inside('echo $$; cat /proc/1/cmdline | tr "\\0" " "', { mode: { join: child.pid } })
  assert.match(joined.stdout, /^([2-9]|\d\d+)\nsh -c echo ready; read line $/)
  assert.is(joined.code, 0)
  child.kill('SIGKILL')
  await child.wait()
  close()
})

/** A hundred grandchildren that outlive their parents, so that process 1 inherits them; they end at once. */
const ORPHANS = 'i=0; while [ $i -lt 100 ]; do (sh -c "exit 0" & exit 0); i=$((i+1)); done'
const ZOMBIES = 'grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null | wc -l'
/** What else lives while it is counted: process 1, the program, the counting shell and its pipeline. */
const OTHERS = 8

rootTest(test, 'a hundred orphans stay as zombies under a process 1 that does not wait; with an init, none does', async () => {
  // The program becomes `sleep`, which waits for nobody; the count is made by a child of it, when the orphans have ended.
  const ended = {
    zombies: `until [ $(${ZOMBIES}) = 100 ]; do :; done`,
    gone: `until [ $(ls /proc 2>/dev/null | grep -c "^[0-9]") -le ${OTHERS} ]; do :; done`,
  }
  const script = (until: string): string => `(${ORPHANS}; ${until}; ${ZOMBIES}) & exec sleep 600`
  for (const [until, wish, expected] of [[ended.zombies, {}, 100], [ended.gone, { init: true }, 0]] as const) {
    const { child, line, close } = await talking(script(until), wish)
    assert.is(Number(await line()), expected)
    child.kill('SIGKILL')
    await child.wait()
    close()
  }
})

rootTest(test, 'the init forwards signals, and ends when its child ends, with its code', async () => {
  const { child, line, close } = await talking('trap "exit 9" TERM; echo ready; while :; do read -t 1 line; done', { init: true })
  await line()
  child.kill('SIGTERM')
  assert.equal(await child.wait(), { code: 9, signal: null })
  close()
  assert.is((await inside('sleep 600 & exit 4', { init: true })).code, 4)
})

rootTest(test, 'a signal without a handler does nothing to process 1, and ends it under an init', async () => {
  const { child, line, close } = await talking('echo ready; while read line; do :; done; echo end')
  await line()
  child.kill('SIGTERM')
  assert.match(readFileSync(`/proc/${child.pid}/status`, 'utf8'), /^State:\t[RS]/m)
  child.kill('SIGKILL')
  await child.wait()
  close()
  assert.is((await inside('kill -TERM $$; echo alive')).stdout, 'alive\n')
  assert.equal(await inside('kill -TERM $$; echo alive', { init: true }), { code: 143, signal: null, stdout: '', stderr: '' })
})

rootTest(test, 'nothing of the host is behind /proc/1/exe: the init is a sealed copy', async () => {
  const before = readFileSync(findInit())
  const { stdout, stderr } = await inside('readlink /proc/1/exe; echo x >> /proc/1/exe; ls -l /proc/1/fd | tail -n +2 | wc -l', { init: true })
  assert.is(stdout, '/memfd:init (deleted)\n3\n')
  assert.match(stderr, /can't create|Operation not permitted|Text file busy|cannot create/)
  assert.equal(readFileSync(findInit()), before)
})

rootTest(test, '#!/proc/self/exe as a command leads to the interpreter of the container, never to the host\'s', async () => {
  const { stdout, stderr, code } = await inside('printf "#!/proc/self/exe\\n" > /tmp/loop; chmod 755 /tmp/loop; /tmp/loop; echo $?; rm /tmp/loop')
  assert.is(code, 0)
  assert.not.match(stdout + stderr, /node/i)
})

/** What the one who looks finds out about process $n; a line `end` closes each look. */
const LOOK = `while read n; do
  readlink /proc/$n/exe; cat /proc/$n/maps /proc/$n/environ /proc/$n/cmdline | tr '\\0' '\\n'; ls -l /proc/$n/fd
  ls -a /proc/$n/root/ /proc/$n/cwd/
  echo end
done 2>&1`

/** A newcomer in the namespace of a container that looks at it before each of its steps. @returns what was seen, by step */
async function looks(looker: readonly Isolation[]): Promise<{ step: string; seen: string }[]> {
  const { child, line, send, close } = await talking(LOOK, { looker })
  const { isolations } = parts(await busybox(), { mode: { join: child.pid } })
  const steps = new Stepper(plan([foreground(), ...isolations, command({ argv: ['sh', '-c', 'exit 7'] })]))
  const all: { step: string; seen: string }[] = []
  try {
    while (steps.upcoming) {
      const { call } = steps.upcoming
      const inside = /^NSpid:.*\t(\d+)$/m.exec(readFileSync(`/proc/${steps.pid}/status`, 'utf8'))?.[1] ?? ''
      send(Number(inside) === steps.pid ? '0' : inside) // the process between has no number there
      const seen: string[] = []
      for (let next = await line(); next !== 'end'; next = await line()) seen.push(next)
      all.push({ step: call, seen: seen.join('\n') })
      await steps.next()
    }
    assert.equal(await steps.wait(), { code: 7, signal: null })
  } finally {
    steps.stop()
    child.kill('SIGKILL')
    await child.wait()
    close()
  }
  return all
}

rootTest(test, 'who joins is looked at before each step, and has nothing of the host\'s program, memory or files', async () => {
  const all = await looks([])
  const beforeItIsMade = all.findIndex(({ step }) => step === 'clone3') + 1
  assert.ok(all.length > 15 && beforeItIsMade > 0, String(all.length))
  for (const { step, seen } of all.slice(0, beforeItIsMade)) assert.match(seen, /\/proc\/0\/maps|No such file/, step)
  for (const { step, seen } of all.slice(beforeItIsMade)) {
    const [exe, ...rest] = seen.split('\n')
    assert.is(exe, '/memfd:pocker (deleted)', step)
    const maps = rest.filter((text) => /^[0-9a-f]+-[0-9a-f]+ (?!.*vsyscall)/.test(text))
    assert.is(maps.length, 2, `${step}: ${maps.join('\n')}`) // the arena: its code, and its list
    assert.not.match(seen, /node|libc|POCKER|PATH=/, step)
    // ls sorts 19 before 2. Behind the caller's 0, 1 and 2: the two pipes of the gate, and what the steps opened on the way.
    const open = rest.flatMap((text) => / (\d+) -> (.*)/.exec(text)?.slice(1, 3).join(' ') ?? []).toSorted((a, b) => parseInt(a) - parseInt(b))
    assert.ok(open.length >= 5 && open.slice(3, 5).every((text) => text.includes(' pipe:')), `${step}: ${open.join()}`)
  }
})

rootTest(test, 'without CAP_SYS_PTRACE, neither program, files nor root directory can be looked at', async () => {
  const CAP_SYS_PTRACE = 19
  const weak: Isolation = { name: 'weak', child: [dropBounding(CAP_SYS_PTRACE)] }
  for (const { step, seen } of await looks([weak])) {
    assert.not.match(seen, /memfd| -> |^etc$|^proc$/m, step)
  }
})

rootTest(test, 'a container that looks in a loop while others join never sees a program of the host', async () => {
  const script = `newcomers=0
while ! read -t 0 line; do for n in /proc/[0-9]*; do
  exe=$(readlink $n/exe)
  case $exe in */bin/busybox|"") ;; *) [ $newcomers = 0 ] && echo met; newcomers=$((newcomers+1));; esac
  case $exe in */bin/busybox|""|"/memfd:pocker (deleted)") ;; *) echo "$exe";; esac
done; done
echo end`
  const { child, line, send, close } = await talking(script, {})
  const { isolations } = parts(await busybox(), { mode: { join: child.pid } })
  const joined = plan([foreground(), ...isolations, command({ argv: ['true'] })])
  const said: string[] = []
  const hearing = line().then((first) => said.push(first)).then(line)
  for (let i = 0; i < 300 || (said.length === 0 && i < 30_000); i++) assert.equal(await spawn(joined).wait(), { code: 0, signal: null })
  send('stop')
  assert.is(await hearing, 'end')
  assert.equal(said, ['met'], 'it saw some of them on their way, and nothing of the host')
  await child.wait()
  close()
})

test.run()
