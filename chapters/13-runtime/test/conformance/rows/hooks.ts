// config.md, POSIX-platform Hooks: the six moments, where each runs, what it is told, and what its failure does.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readlinkSync, writeFileSync, chmodSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench, Box, State } from '../bench.ts'
import type { Hook } from '../config.ts'
import { does, refuses, type Row } from '../row.ts'

const SECTION = 'config.md, Hooks'
const MOMENTS = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'] as const
type Moment = (typeof MOMENTS)[number]

/** What a hook writes down of itself, one line each. */
const SCRIPT = `read -r state
for ns in mnt net pid uts; do echo "$1 $ns $(readlink /proc/self/ns/$ns)"; done >> "$2"
echo "$1 state $state" >> "$2"
echo "$1 env $(env | grep '^TOLD=')" >> "$2"
`
/** The host's shell; in the container there is one at the same path. */
const SHELL = '/bin/sh'
const writes = (moment: Moment, log: string): Hook => ({ path: SHELL, args: ['sh', '-c', SCRIPT, 'hook', moment, log], env: ['PATH=/bin:/usr/bin', `TOLD=${moment}`] })
const fails = (log: string, text = 'failed'): Hook => ({ path: SHELL, args: ['sh', '-c', `echo ${text} >> ${log}; exit 3`], env: ['PATH=/bin:/usr/bin'] })
const says = (log: string, text: string): Hook => ({ path: SHELL, args: ['sh', '-c', `echo ${text} >> ${log}`], env: ['PATH=/bin:/usr/bin'] })

/** The log as each of them sees it: one file. */
const logOf = (moment: Moment, box: Box): string => (moment === 'startContainer' ? '/log' : join(box.rootfs, 'log'))
const read = (box: Box): string[] => (existsSync(join(box.rootfs, 'log')) ? readFileSync(join(box.rootfs, 'log'), 'utf8').trim().split('\n') : [])

interface Life {
  readonly afterCreate: readonly string[]
  readonly afterStart: readonly string[]
  readonly all: readonly string[]
  readonly container: Readonly<Record<string, string>>
  readonly pid: number
  readonly box: Box
}

const LIFE = {}
const life = (t: Bench): Life => t.once(LIFE, () => {
  const box = t.box((config, _, box) => {
    config.annotations = { told: 'too' }
    config.hooks = Object.fromEntries(MOMENTS.map((moment) => [moment, [writes(moment, logOf(moment, box)), says(logOf(moment, box), `${moment} second`)]]))
    config.process.args = ['/bin/sh', '-c', 'echo program runs >> /log; mkfifo /wait; read x < /wait']
    writeFileSync(join(box.rootfs, 'log'), '')
    chmodSync(join(box.rootfs, 'log'), 0o666)
  }).must('create')
  const { pid = 0 } = box.state()
  const afterCreate = read(box)
  const container = Object.fromEntries(['mnt', 'net', 'pid', 'uts'].map((ns) => [ns, readlinkSync(`/proc/${pid}/ns/${ns}`)]))
  box.must('start')
  const afterStart = read(box)
  box.kill('KILL')
  box.stopped(pid)
  box.must('remove')
  return { afterCreate, afterStart, all: read(box), container, pid, box }
})
const row = (demand: string, check: (seen: Life) => void): Row => does(SECTION, demand, (t) => check(life(t)))
const order = (lines: readonly string[]): string[] => [...new Set(lines.map((line) => line.split(' ')[0] ?? ''))]
const found = (lines: readonly string[], moment: Moment, what: string): string =>
  lines.find((line) => line.startsWith(`${moment} ${what} `))?.slice(`${moment} ${what} `.length) ?? ''
const stateOf = ({ all }: Life, moment: Moment): State => JSON.parse(found(all, moment, 'state')) as State

const STATUS: Readonly<Record<Moment, string>> = {
  prestart: 'creating', createRuntime: 'creating', createContainer: 'creating', startContainer: 'created', poststart: 'running', poststop: 'stopped',
}

const seen: readonly Row[] = [
  row('create runs prestart, createRuntime, createContainer, in this order', ({ afterCreate }) =>
    assert.deepEqual(order(afterCreate), ['prestart', 'createRuntime', 'createContainer'])),
  row('start runs startContainer, then the program and poststart', ({ afterStart }) => {
    const names = order(afterStart)
    assert.equal(names[3], 'startContainer')
    assert.ok(names.includes('poststart') && !names.includes('poststop'), names.join(' '))
  }),
  row('startContainer runs before the program', ({ all }) => {
    const names = order(all)
    assert.ok(names.includes('program') && names.indexOf('startContainer') < names.indexOf('program'), names.join(' '))
  }),
  row('delete runs poststop', ({ all }) => assert.equal(order(all).at(-1), 'poststop')),
  row('several of one moment run in the listed order', ({ all }) => {
    for (const moment of MOMENTS) {
      const own = all.filter((line) => line.startsWith(`${moment} `))
      assert.equal(own.at(-1), `${moment} second`, moment)
      assert.ok(own.length > 1, moment)
    }
  }),
  ...MOMENTS.map((moment) => row(`${moment} is told the state on standard input: status ${STATUS[moment]}`, (lived) => {
    const { id, status, bundle, pid, ociVersion, annotations } = stateOf(lived, moment)
    assert.equal(status, STATUS[moment])
    assert.deepEqual({ id, bundle, annotations: { ...annotations } }, { id: lived.box.id, bundle: lived.box.bundle, annotations: { told: 'too' } })
    assert.match(ociVersion, /^1\./)
    if (moment !== 'poststop') assert.ok(pid && pid > 0, `pid is ${pid}`)
  })),
  ...MOMENTS.map((moment) => {
    const within = moment === 'createContainer' || moment === 'startContainer'
    return row(`${moment} runs in the namespaces of the ${within ? 'container' : 'runtime'}`, ({ all, container }) => {
      for (const ns of ['mnt', 'net', 'uts']) {
        assert.equal(found(all, moment, ns), within ? container[ns] : readlinkSync(`/proc/self/ns/${ns}`), ns)
      }
    })
  }),
  ...MOMENTS.map((moment) => row(`${moment} has the environment that is said`, ({ all }) => assert.equal(found(all, moment, 'env'), `TOLD=${moment}`))),
  row('args are those of execv: the first is the name', ({ all }) => assert.ok(found(all, 'prestart', 'mnt').startsWith('mnt:'))),
]

/** One hook that fails, and witnesses of what happens then. */
function failing(moment: Moment, t: Bench): Box {
  return t.box((config, _, box) => {
    const log = logOf(moment, box)
    config.hooks = { poststop: [says(join(box.rootfs, 'log'), 'poststop')], [moment]: [fails(log), says(log, 'second')] }
    if (moment === 'poststop') config.hooks = { poststop: [fails(log), says(log, 'second')] }
    config.process.args = ['/bin/sh', '-c', 'echo program >> /log; mkfifo /wait; read x < /wait']
    writeFileSync(join(box.rootfs, 'log'), '')
  })
}

const failures: readonly Row[] = [
  ...(['prestart', 'createRuntime', 'createContainer'] as const).flatMap((moment) => {
    const key = {}
    const once = (t: Bench): { box: Box; code: number } => t.once(key, () => {
      const box = failing(moment, t)
      return { box, code: box.create().code }
    })
    return [
      does('runtime.md, Lifecycle', `${moment} fails: create is an error, and nothing is left`, (t) => {
        const { box, code } = once(t)
        assert.notEqual(code, 0, 'create was no error')
        assert.notEqual(box.call('state').code, 0, 'the container is there')
        assert.ok(!box.hasGroup(), 'its cgroup is left')
      }),
      does('runtime.md, Lifecycle', `${moment} fails: those behind it are not run`, (t) => {
        const lines = read(once(t).box)
        assert.ok(lines.includes('failed') && !lines.includes('second'), lines.join(' '))
      }),
      does('runtime.md, Lifecycle', `${moment} fails: poststop is run, as the container is destroyed`, (t) => {
        const lines = read(once(t).box)
        assert.ok(lines.includes('poststop'), lines.join(' '))
      }),
    ]
  }),
  does('runtime.md, Lifecycle', 'startContainer fails: start is an error, the program never runs', (t) => {
    const box = failing('startContainer', t).must('create')
    assert.notEqual(box.start().code, 0, 'start was no error')
    assert.ok(!read(box).includes('program'))
  }),
  does('runtime.md, Lifecycle', 'startContainer fails: the container is stopped', (t) => {
    const box = failing('startContainer', t).must('create')
    const { pid = 0 } = box.state()
    assert.notEqual(box.start().code, 0, 'start was no error')
    box.stopped(pid)
    assert.equal(box.stateIfThere()?.status ?? 'stopped', 'stopped')
  }),
  does('runtime.md, Lifecycle', 'poststart fails: a warning, and it runs (1.0.2); or an error, and it is stopped (1.2.1)', (t) => {
    const box = failing('poststart', t).must('create')
    const { pid = 0 } = box.state()
    const { code, stderr } = box.start()
    if (code === 0) {
      assert.equal(box.state().status, 'running')
      assert.ok(read(box).includes('second'), `the next hook was not run; ${stderr}`)
    } else {
      box.stopped(pid)
      assert.equal(box.stateIfThere()?.status ?? 'stopped', 'stopped')
    }
  }),
  does('runtime.md, Lifecycle', 'poststop fails: the container is deleted all the same', (t) => {
    const box = failing('poststop', t).must('create')
    const { pid = 0 } = box.must('start').state()
    box.kill('KILL')
    box.stopped(pid)
    assert.equal(box.remove().code, 0, 'delete was an error')
    assert.notEqual(box.call('state').code, 0, 'it is still there')
    assert.ok(!box.hasGroup(), 'its cgroup is left')
  }),
  does('runtime.md, Lifecycle', 'poststop fails: those behind it are run', (t) => {
    const box = failing('poststop', t).must('create')
    const { pid = 0 } = box.state()
    box.kill('KILL')
    box.stopped(pid)
    box.remove()
    assert.ok(read(box).includes('second'), read(box).join(' '))
  }),
  does('runtime.md, Lifecycle', 'poststop fails: a warning is given', (t) => {
    const box = failing('poststop', t).must('create')
    const { pid = 0 } = box.state()
    box.kill('KILL')
    box.stopped(pid)
    assert.notEqual(box.remove().stderr.trim(), '')
  }),
  does(SECTION, 'timeout: a hook that takes longer is ended, and has failed', (t) => {
    const box = t.box((config) => {
      config.hooks = { createRuntime: [{ path: SHELL, args: ['sh', '-c', 'exec sleep 30'], env: ['PATH=/bin:/usr/bin'], timeout: 1 }] }
    })
    assert.notEqual(box.create().code, 0, 'create was no error')
  }),
  refuses(SECTION, 'a hook that is not there is an error', (config) => { config.hooks = { createRuntime: [{ path: '/no/such/hook' }] } }),
  refuses(SECTION, 'a path that is not absolute is an error', (config) => { config.hooks = { createRuntime: [{ path: 'bin/true' }] } }),
  refuses(SECTION, 'a timeout of 0 is an error', (config) => { config.hooks = { createRuntime: [{ path: '/bin/true', timeout: 0 }] } }),
]

export const HOOKS: readonly Row[] = [...seen, ...failures]
