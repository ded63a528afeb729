// Process numbers, /proc and init, for real.
import { closeSync, existsSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chroot } from '@pocker/chroot'
import { findInit, init, parsePidMode, pid, proc } from '@pocker/pid'
import {
  CLONE_NEWNS, CLONE_NEWPID, command, explain, foreground, namespaces, pipe, plan, run, spawn, type Child, type Finished, type Plan,
} from '@pocker/syscalls'
import { busybox, rootTest } from '@pocker/testing'

interface Wish { readonly init?: boolean; readonly mode?: Parameters<typeof pid>[0]['mode'] }

/** The isolations of chapters 01 and 03 in their order. */
function parts(path: string, { init: wanted = false, mode = 'private' }: Wish = {}) {
  const { privately, mounted } = proc()
  const { held, execute } = init(findInit())
  return {
    isolations: [pid({ mode }), privately, ...(wanted ? [held] : []), chroot({ path }), mounted],
    ...(wanted && { execute }),
  }
}

async function inside(script: string, wish?: Wish): Promise<Finished> {
  const { isolations, ...options } = parts(await busybox(), wish)
  return run(isolations, ['sh', '-c', script], options)
}

/** Starts a script and gives it with a way to read its next line. */
async function talking(script: string, wish?: Wish): Promise<{ child: Child; line: () => Promise<string>; close: () => void }> {
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
  return { child, line, close: () => { writer.destroy(); reader.destroy() } }
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

test.run()
