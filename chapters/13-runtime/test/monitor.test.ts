// The monitor: the parent of a container, which has nothing of whoever asked for it, and outlives him.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, closeSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rootTest, testIf } from '@pocker/testing'
import type { Stored } from '../src/lifecycle/store.ts'
import { begin, isAlive, OCI, until, type Oci } from './oci.ts'

let oci: Oci
test.before.each(async () => { oci = await begin() })
test.after.each(() => oci.end())

const stored = (id: string): Stored => JSON.parse(readFileSync(join(oci.root, id, 'state.json'), 'utf8')) as Stored
const monitorOf = (id: string): number => stored(id).monitor?.pid ?? 0
/** As wait4 tells it: the exit code in the second byte, the signal in the first. */
const exitOf = (id: string): number | undefined => {
  const bytes = readFileSync(join(oci.root, id, 'exit'))
  return bytes.length === 4 ? bytes.readInt32LE(0) : undefined
}

rootTest(test, 'how a container ended lies in its file, long after whoever made and started it has gone', async () => {
  for (const [script, expected] of [['exit 7', 0x700], ['exit 0', 0], ['kill -9 $$; read x < /dev/zero', undefined]] as const) {
    const id = oci.bundle({ process: { args: ['sh', '-c', script] } })
    oci.create(id)
    assert.is(exitOf(id), undefined, 'nothing yet')
    const monitor = monitorOf(id)
    assert.ok(isAlive(monitor))
    oci.must('start', id)
    if (expected === undefined) oci.must('kill', id, 'KILL')
    await until('the monitor ends behind it', () => !isAlive(monitor))
    assert.is(exitOf(id), expected ?? 9)
    assert.is(oci.state(id).status, 'stopped')
  }
})

rootTest(test, 'run is killed with -9, its container runs on; and its end is written down all the same', async () => {
  const id = oci.bundle({ process: { args: ['sh', '-c', 'until test -e /dev/shm/go; do sleep 0.01; done; exit 3'] } })
  const { child, done } = oci.begin({}, 'run', '--bundle', oci.dirOf(id), id)
  await until('it runs', () => oci.call('exec', id, 'true').code === 0)
  const monitor = monitorOf(id)
  child.kill('SIGKILL')
  assert.is((await done).signal, 'SIGKILL')
  assert.is(oci.state(id).status, 'running')
  oci.must('exec', id, 'touch', '/dev/shm/go')
  await until('the monitor ends', () => !isAlive(monitor))
  assert.is(exitOf(id), 0x300)
})

/** Of the monitor's own memory, in KiB. */
const MOST_RSS = 64

rootTest(test, `a monitor has at most ${MOST_RSS} KiB while the program runs, and nothing of its caller: no program, memory, descriptor, directory or terminal`, () => {
  const more = ['/etc/passwd', '/'].map((path) => openSync(path, 'r'))
  const id = oci.bundle()
  oci.callWith({ more, env: { MARK: 'marked' } }, 'create', '--bundle', oci.dirOf(id), id)
  for (const fd of more) closeSync(fd)
  for (const state of ['created', 'running']) {
    if (state === 'running') oci.must('start', id)
    const pid = monitorOf(id)
    const of = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8')
    const rss = Number(/^VmRSS:\s+(\d+) kB/m.exec(of('status'))?.[1])
    assert.ok(rss > 0 && (state === 'created' || rss <= MOST_RSS), `${rss} KiB resident`)
    assert.is(readlinkSync(`/proc/${pid}/exe`), '/memfd:pocker (deleted)')
    assert.is(readlinkSync(`/proc/${pid}/cwd`), '/')
    const maps = of('maps').trim().split('\n').map((line) => line.split(/\s+/).slice(5).join(' ')).filter((name) => name !== '[vsyscall]')
    for (const name of maps) assert.match(name, new RegExp(`^$|/${id}/arena$|^/memfd:pocker|^/dev/zero \\(deleted\\)$`), name)
    assert.ok(maps.length <= 3, maps.join())
    const open = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
    assert.equal(open, [join(oci.root, id, 'exit')])
    assert.not.match(of('environ'), /MARK|PATH/)
    assert.is(of('cmdline').replaceAll('\0', ''), '')
    const [, , session, terminal] = /\) (.*)/.exec(of('stat'))?.[1]?.split(' ').slice(1) ?? []
    assert.equal([Number(session), terminal], [pid, '0'], state)
    assert.match(of('status'), /^SigCgt:\s0+$/m, 'no handler: there is nothing it could run')
  }
})

rootTest(test, 'it holds no file system: where the caller stood can be unmounted and removed', () => {
  const id = oci.started()
  assert.is(readlinkSync(`/proc/${monitorOf(id)}/root`), '/')
  assert.is(readlinkSync(`/proc/${monitorOf(id)}/cwd`), '/')
})

const PYTHON = '/usr/bin/python3'
/** A subreaper calls create --pid-file and start, as conmon does, and tells whom it inherited and how that ended. */
const REAP = `
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
root, bundle, id, file = sys.argv[1:5]
oci = sys.argv[5:] + ['--root', root]
devnull = subprocess.DEVNULL
subprocess.run(oci + ['create', '--bundle', bundle, '--pid-file', file, id], check=True, stdin=devnull, stdout=devnull)
pid = int(open(file).read())
subprocess.run(oci + ['start', id], check=True)
print(pid, open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[1] == str(os.getpid()), flush=True)
ended, status = os.waitpid(pid, 0)
print(ended, os.waitstatus_to_exitcode(status), flush=True)
try:
    print(os.waitpid(-1, 0))
except ChildProcessError:
    print('nobody else')
`

testIf(process.geteuid?.() === 0 && existsSync(PYTHON), 'needs root and python3', test, 'with --pid-file there is no monitor: the container comes to the subreaper, who learns how it ended', async () => {
  const id = oci.bundle({ process: { args: ['sh', '-c', 'exit 5'] } })
  const child = spawn(PYTHON, ['-c', REAP, oci.root, oci.dirOf(id), id, join(oci.dirOf(id), 'pid'), ...OCI], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => { said += text })
  await once(child, 'close')
  const { process, monitor } = stored(id)
  assert.is(said, `${process?.pid} True\n${process?.pid} 5\nnobody else\n`)
  assert.is(monitor === undefined || !isAlive(monitor.pid), true)
  assert.not.ok(existsSync(join(oci.root, id, 'exit')))
  assert.is(oci.state(id).status, 'stopped')
})

test.run()
