// runtime.md: the state of a container in each phase, and what may be done to it in which.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { call } from '../runtimes.ts'
import { isAlive, type Bench, type Box, type State } from '../bench.ts'
import { baseConfig } from '../config.ts'
import { does, type Row } from '../row.ts'

interface Journey { readonly created: State; readonly running: State; readonly stopped: State; readonly ranEarly: boolean; readonly box: Box }

const JOURNEY = {}
/** One life, looked at in each phase. */
const journey = (t: Bench): Journey => t.once(JOURNEY, () => {
  const box = t.box((config) => {
    config.process.args = ['/bin/sh', '-c', 'echo ran > /ran; mkfifo /wait; read x < /wait']
    config.annotations = { 'org.example.key': 'value', 'org.example.empty': '' }
  })
  const created = box.must('create').state()
  const ranEarly = existsSync(join(box.rootfs, 'ran'))
  const running = box.must('start').state()
  box.kill('KILL')
  box.stopped(running.pid ?? 0)
  return { created, running, stopped: box.state(), ranEarly, box }
})
const journeyRow = (section: string, demand: string, check: (seen: Journey, t: Bench) => void): Row =>
  does(section, demand, (t) => check(journey(t), t))

const STATE = 'runtime.md, State'

const fields: readonly Row[] = [
  journeyRow(STATE, 'ociVersion is a version', ({ created }) => assert.match(created.ociVersion, /^\d+\.\d+\.\d+/)),
  journeyRow(STATE, 'id is what create was told', ({ created, box }) => assert.equal(created.id, box.id)),
  journeyRow(STATE, 'status is created behind create', ({ created }) => assert.equal(created.status, 'created')),
  journeyRow(STATE, 'status is running behind start', ({ running }) => assert.equal(running.status, 'running')),
  journeyRow(STATE, 'status is stopped once the process has ended', ({ stopped }) => assert.equal(stopped.status, 'stopped')),
  journeyRow(STATE, 'pid is told once it is created', ({ created }) => assert.ok(Number.isInteger(created.pid) && Number(created.pid) > 0)),
  journeyRow(STATE, 'pid is the same while it runs', ({ created, running }) => assert.equal(running.pid, created.pid)),
  journeyRow(STATE, 'pid is no process of ours once it has stopped', ({ stopped }) => assert.ok(!stopped.pid || !isAlive(stopped.pid))),
  journeyRow(STATE, 'bundle is an absolute path', ({ created, box }) => assert.equal(created.bundle, box.bundle)),
  journeyRow(STATE, 'annotations are those of the config', ({ running }) =>
    assert.deepEqual({ ...running.annotations }, { 'org.example.key': 'value', 'org.example.empty': '' })),
  does(STATE, 'bundle is absolute where create was told a relative path', (t) => {
    const box = t.box()
    const path = `./${box.bundle.slice(1)}`
    const before = process.cwd()
    process.chdir('/')
    try {
      assert.equal(call(t.name, t.dir, ['create', '--bundle', path, box.id], sink).code, 0)
    } finally {
      process.chdir(before)
    }
    assert.equal(box.state().bundle, box.bundle)
  }),
  does(STATE, 'no annotations: none, or an empty map', (t) => assert.deepEqual({ ...t.box().must('create').state().annotations }, {})),
]
/** A container holds its output, and nobody reads it. */
const sink = { out: 2, error: 2 } as const

const LIFECYCLE_2 = 'runtime.md, Lifecycle 2'
const refused = (section: string, demand: string, run: (t: Bench) => { readonly code: number }): Row =>
  does(section, demand, (t) => assert.notEqual(run(t).code, 0, 'it was no error'))

const RUNNING = {}
/** One that runs, for rows that must not change it. */
const running = (t: Bench): Box => t.once(RUNNING, () => {
  const box = t.box((config) => {
    config.process.args = ['/bin/sh', '-c', 'echo one >> /runs; mkfifo /wait; read x < /wait']
  })
  return box.must('create').must('start')
})
const stillRuns = (box: Box, pid: number | undefined): void => {
  const now = box.state()
  assert.equal(now.status, 'running')
  assert.equal(now.pid, pid)
}
const STOPPED = {}
const stopped = (t: Bench): Box => t.once(STOPPED, () => t.box().ended())

const unknown = (verb: string, section: string): Row =>
  refused(section, `an unknown id is an error of ${verb}`, (t) => call(t.name, t.dir, [verb, 'nobody', ...verb === 'kill' ? ['TERM'] : []]))
const without = (verb: string, section: string): Row =>
  refused(section, `no id is an error of ${verb}`, (t) => call(t.name, t.dir, [verb]))

const operations: readonly Row[] = [
  journeyRow(LIFECYCLE_2, 'the program does not run before start', ({ ranEarly }) => assert.ok(!ranEarly)),
  does(LIFECYCLE_2, 'the config may change behind create: nothing changes', (t) => {
    const box = t.box((config) => {
      config.process.args = ['/bin/sh', '-c', 'echo old > /said']
    }).must('create')
    const config = baseConfig(box.group)
    config.process.args = ['/bin/sh', '-c', 'echo new > /said']
    box.write(config)
    const { pid = 0 } = box.state()
    box.must('start').stopped(pid)
    assert.equal(readFileSync(join(box.rootfs, 'said'), 'utf8'), 'old\n')
  }),
  refused(LIFECYCLE_2, 'a config that is no JSON is an error', (t) => {
    const box = t.box()
    writeFileSync(join(box.bundle, 'config.json'), '{')
    return box.create()
  }),
  refused('bundle.md', 'a bundle without config.json is an error', (t) => call(t.name, t.dir, ['create', '--bundle', t.dir, 'nobody'])),
  ...(['state', 'start', 'kill', 'delete'] as const).flatMap((verb) => {
    const section = `runtime.md, ${verb === 'state' ? 'Query State' : verb[0]?.toUpperCase() + verb.slice(1)}`
    return [unknown(verb, section), without(verb, section)]
  }),
  without('create', 'runtime.md, Create'),
  does('runtime.md, Create', 'an id that is taken is an error, and who has it goes on', (t) => {
    const first = running(t)
    const { pid } = first.state()
    const second = t.box()
    const made = call(t.name, t.dir, ['create', '--bundle', second.bundle, first.id], sink)
    assert.notEqual(made.code, 0, 'it was no error')
    stillRuns(first, pid)
  }),
  ...['../up', 'a/b', ''].map((id) =>
    refused('runtime.md, Create', `the id ${JSON.stringify(id)} is an error`, (t) => call(t.name, t.dir, ['create', '--bundle', t.box().bundle, id], sink))),
  does('runtime.md, Start', 'one that runs is an error, and goes on', (t) => {
    const box = running(t)
    const { pid } = box.state()
    assert.notEqual(box.start().code, 0, 'it was no error')
    stillRuns(box, pid)
    assert.equal(readFileSync(join(box.rootfs, 'runs'), 'utf8'), 'one\n')
  }),
  does('runtime.md, Start', 'one that has stopped is an error', (t) => {
    const box = stopped(t)
    assert.notEqual(box.start().code, 0, 'it was no error')
    assert.equal(box.state().status, 'stopped')
  }),
  does('runtime.md, Start', 'a config without a process is an error of start, not of create', (t) => {
    const box = t.box((config) => {
      Reflect.deleteProperty(config, 'process')
    })
    assert.equal(box.create().code, 0, 'create was an error')
    assert.notEqual(box.start().code, 0, 'start was no error')
  }),
  ...[['TERM', 'the name TERM'], ['SIGTERM', 'the name SIGTERM'], ['15', 'the number 15']].map(([signal = '', what = '']) =>
    does('runtime.md, Kill', `the process gets ${what}`, (t) => {
      const box = t.box((config) => {
        config.process.args = ['/bin/sh', '-c', 'trap "echo term > /got; exit" TERM; echo > /ready; while :; do sleep 0.01; done']
      }).must('create')
      const { pid = 0 } = box.state()
      box.must('start')
      while (!existsSync(join(box.rootfs, 'ready')) && isAlive(pid));
      assert.equal(box.kill(signal).code, 0)
      box.stopped(pid)
      assert.equal(readFileSync(join(box.rootfs, 'got'), 'utf8'), 'term\n')
      assert.equal(box.state().status, 'stopped')
    })),
  does('runtime.md, Kill', 'one that is created gets it, too', (t) => {
    const box = t.box().must('create')
    const { pid = 0 } = box.state()
    assert.equal(box.kill('KILL').code, 0)
    box.stopped(pid)
    assert.equal(box.state().status, 'stopped')
  }),
  does('runtime.md, Kill', 'one that has stopped is an error, and stays as it is', (t) => {
    const box = stopped(t)
    assert.notEqual(box.kill('TERM').code, 0, 'it was no error')
    assert.equal(box.state().status, 'stopped')
  }),
  does('runtime.md, Kill', 'a signal that there is none of is an error', (t) => {
    const box = running(t)
    const { pid } = box.state()
    assert.notEqual(box.kill('NOSUCH').code, 0, 'it was no error')
    stillRuns(box, pid)
  }),
  does('runtime.md, Delete', 'one that runs is an error, and goes on', (t) => {
    const box = running(t)
    const { pid } = box.state()
    assert.notEqual(box.remove().code, 0, 'it was no error')
    stillRuns(box, pid)
  }),
  does('runtime.md, Delete', 'one that is created, and has not stopped, is an error', (t) => {
    const box = t.box().must('create')
    assert.notEqual(box.remove().code, 0, 'it was no error')
    assert.equal(box.state().status, 'created')
  }),
  does('runtime.md, Delete', 'it undoes what create did: state, cgroup, mounts', (t) => {
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    const states = (): string[] => readdirSync(join(t.dir, 'state')).toSorted()
    const before = states()
    const box = t.box().ended().must('remove')
    assert.notEqual(box.call('state').code, 0)
    assert.deepEqual(states(), before)
    assert.ok(!box.hasGroup(), 'its cgroup is left')
    assert.equal(readFileSync('/proc/self/mountinfo', 'utf8'), mounts)
  }),
  does('runtime.md, Delete', 'what create did not make is left: the bundle and its root', (t) => {
    const box = t.box().ended().must('remove')
    assert.ok(existsSync(join(box.rootfs, 'bin/busybox')) && existsSync(join(box.bundle, 'config.json')))
  }),
  does('runtime.md, Delete', 'its id can be had again', (t) => {
    const box = t.box().ended().must('remove')
    assert.equal(box.must('create').state().status, 'created')
  }),
  does('runtime.md, Errors', 'a create that failed leaves the id free', (t) => {
    const box = t.box((config) => {
      config.mounts.push({ destination: '/data', type: 'bind', source: '/no/such/source', options: ['rbind'] })
    })
    assert.notEqual(box.create().code, 0, 'it was no error')
    box.write(baseConfig(box.group))
    assert.equal(box.must('create').state().status, 'created')
  }),
]

export const LIFECYCLE: readonly Row[] = [...fields, ...operations]
