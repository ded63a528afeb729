// A container's life as whoever types it sees it: what each verb says, and its exit code.
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { freeze, remove } from '@pocker/cgroup'
import { rootTest } from '@pocker/testing'
import { begin, until, type Oci, type Result } from './oci.ts'

let oci: Oci
test.before.each(async () => { oci = await begin() })
test.after.each(() => oci.end())

const silent = { code: 0, signal: null, stdout: '', stderr: '' }
const says = (stdout: string, code = 0): Result => ({ ...silent, code, stdout })
const refuses = (line: string, code = 1): Result => ({ ...silent, code, stderr: `pocker oci: ${line}\n` })
const sh = (script: string): { process: { args: string[] } } => ({ process: { args: ['sh', '-c', script] } })

rootTest(test, 'created, running, paused, running, stopped, gone: each verb does its part, and says nothing', async () => {
  const id = oci.bundle({ annotations: { 'org.example.key': 'value' } })
  const common = { bundle: oci.dirOf(id), annotations: { 'org.example.key': 'value' } }
  assert.equal(oci.call('create', '--bundle', oci.dirOf(id), id), silent)
  const { pid = 0, ...created } = oci.state(id)
  assert.equal(created, { ociVersion: '1.2.0', id, status: 'created', ...common })
  assert.is(readFileSync(`/proc/${pid}/comm`, 'utf8'), 'pocker\n', 'the program does not run yet')
  assert.equal(oci.call('start', id), silent)
  assert.equal(oci.state(id), { ociVersion: '1.2.0', id, status: 'running', pid, ...common })
  assert.is(readFileSync(`/proc/${pid}/comm`, 'utf8'), 'sleep\n')
  assert.equal(oci.call('pause', id), silent)
  assert.is(oci.state(id).status, 'paused')
  assert.equal(oci.call('resume', id), silent)
  assert.is(oci.state(id).status, 'running')
  assert.equal(oci.call('kill', id, 'KILL'), silent)
  await oci.stopped(id)
  assert.equal(oci.state(id), { ociVersion: '1.2.0', id, status: 'stopped', ...common })
  assert.equal(oci.call('delete', id), silent)
  assert.equal(oci.call('state', id), refuses(`container "${id}" does not exist`))
  assert.equal(await oci.left(), [])
})

rootTest(test, 'one that is paused before it was started is paused: it is resumed, and then started', () => {
  const id = oci.bundle()
  oci.create(id)
  assert.equal(oci.call('pause', id), silent)
  assert.is(oci.state(id).status, 'paused')
  assert.equal(oci.call('start', id), refuses(`start: expected a container that is created, ${id} is paused`))
  assert.equal(oci.call('resume', id), silent)
  assert.is(oci.state(id).status, 'created')
  assert.equal(oci.call('start', id), silent)
})

rootTest(test, 'one that is frozen through the group above is not resumed, and does not keep us waiting', async () => {
  const holder = { ...oci.group, path: `${oci.group.path}/holder` }
  const id = oci.bundle({ linux: { cgroupsPath: `${holder.path}/one` } })
  oci.create(id)
  await freeze(holder, true)
  try {
    assert.equal(oci.call('resume', id), refuses(
      `resume: expected a cgroup that is frozen itself, ${id} is so as its parent ${holder.path} is; thaw that`))
  } finally {
    await freeze(holder, false)
    oci.must('delete', '--force', id)
    await remove(holder)
  }
})

rootTest(test, 'a namespace that is joined gets the names, too', () => {
  const there = oci.started()
  const namespaces = [{ type: 'mount' }, { type: 'uts', path: `/proc/${oci.state(there).pid}/ns/uts` }] as const
  const id = oci.bundle({ process: { args: ['hostname'] }, linux: { namespaces, maskedPaths: [], readonlyPaths: [] } })
  assert.equal(oci.call('run', '--bundle', oci.dirOf(id), id), says('pocker\n'))
  const named = oci.bundle({ process: { args: ['hostname'] }, hostname: 'another', linux: { namespaces, maskedPaths: [], readonlyPaths: [] } })
  assert.equal(oci.call('run', '--bundle', oci.dirOf(named), named), says('another\n'))
  assert.is(oci.must('exec', there, 'hostname'), 'another\n')
})

rootTest(test, 'what does not fit the state is refused with what was expected and what it is', async () => {
  const id = oci.bundle()
  const refused = (...rows: (readonly [line: string, ...words: string[]])[]): void => {
    for (const [line, ...words] of rows) assert.equal(oci.call(...words), refuses(line), words.join(' '))
  }
  for (const verb of ['start', 'state', 'kill', 'delete', 'ps', 'pause', 'resume', 'update', 'events']) {
    refused([`container "${id}" does not exist`, verb, id])
  }
  refused([`container "${id}" does not exist`, 'exec', id, 'true'])
  oci.create(id)
  refused(
    [`container "${id}" exists already; try: pocker oci delete ${id}`, 'create', '--bundle', oci.dirOf(id), id],
    [`resume: expected a container that is paused, ${id} is created`, 'resume', id],
  )
  oci.must('start', id)
  refused(
    [`start: expected a container that is created, ${id} is running`, 'start', id],
    [`delete: expected a container that is stopped, ${id} is running; try: pocker oci delete --force ${id}`, 'delete', id],
    [`resume: expected a container that is paused, ${id} is running`, 'resume', id],
  )
  oci.must('pause', id)
  refused(
    [`exec: expected a container that runs, ${id} is paused; try: pocker oci resume`, 'exec', id, 'true'],
    [`pause: expected a container that is running or created, ${id} is paused`, 'pause', id],
    [`delete: expected a container that is stopped, ${id} is paused; try: pocker oci delete --force ${id}`, 'delete', id],
  )
  oci.must('resume', id)
  oci.must('kill', id, 'KILL')
  await oci.stopped(id)
  refused(
    [`start: expected a container that is created, ${id} is stopped`, 'start', id],
    [`kill: expected a container that runs, ${id} is stopped: container not running`, 'kill', id],
    [`exec: expected a container that runs, ${id} is stopped`, 'exec', id, 'true'],
    [`pause: expected a container that is running or created, ${id} is stopped`, 'pause', id],
    [`ps: expected a container that is created or running or paused, ${id} is stopped`, 'ps', id],
    [`events: expected a container that is created or running or paused, ${id} is stopped`, 'events', id],
  )
})

rootTest(test, 'delete --force takes one in any state, and one that is not there', async () => {
  assert.equal(oci.call('delete', '--force', 'nobody'), silent)
  for (const verbs of [[], ['start'], ['start', 'pause']]) {
    const id = oci.bundle()
    oci.create(id)
    for (const verb of verbs) oci.must(verb, id)
    assert.equal(oci.call('delete', '--force', id), silent, verbs.join())
    assert.equal(await oci.left(), [], verbs.join())
  }
})

const WRONG: readonly (readonly [line: string | RegExp, ...words: string[]])[] = [
  [/^expected one of create, start, run, .*, features, got "nope"$/, 'nope'],
  ["unknown option '--nope'", '--nope', 'list'],
  ["unknown option '--nope'", 'create', '--nope', 'x'],
  ["option '--log <value>' argument missing", '--log'],
  ["option '-b, --bundle <value>' argument missing", 'create', '--bundle'],
  ['create: expected ID, got 0 words', 'create'],
  ['create: expected ID, got 2 words', 'create', 'a', 'b'],
  ['kill: expected ID [SIGNAL], got 3 words', 'kill', 'a', 'TERM', 'c'],
  ['exec: expected ID PROGRAM [ARG…], got 0 words', 'exec'],
  ['list: expected , got 1 words', 'list', 'a'],
  ['container id: expected letters, digits and _ + - . only, got "../x"', 'state', '../x'],
  ['container id: expected letters, digits and _ + - . only, got ".."', 'delete', '..'],
  ['container id: expected letters, digits and _ + - . only, got ""', 'state', ''],
  ['bundle: expected a config.json, got ENOENT at /nowhere/config.json', 'create', '--bundle', '/nowhere', 'x'],
  ['--systemd-cgroup: expected cgroups that are made as directories, as nothing here asks systemd', '--systemd-cgroup', 'list'],
]

rootTest(test, `wrong words are answered in one line: ${WRONG.length} of them`, () => {
  for (const [line, ...words] of WRONG) {
    const { code, stdout, stderr } = oci.call(...words)
    assert.equal([code, stdout], [1, ''], words.join(' '))
    if (typeof line === 'string') assert.is(stderr, `pocker oci: ${line}\n`)
    else assert.match(stderr.replace(/^pocker oci: /, '').trimEnd(), line)
  }
  const id = oci.started()
  const message = 'signal: expected a number from 1 to 64 or a name such as TERM, got'
  for (const wrong of ['NOPE', '0', '65', '-1', '']) assert.equal(oci.call('kill', id, wrong), refuses(`${message} "${wrong}"`))
  assert.equal(oci.call('exec', id), refuses('exec: expected a program to run, or --process FILE, got neither'))
  assert.equal(oci.call('exec', '--user', 'bob', id, 'true'), refuses('--user: expected a whole number, got "bob"'))
  for (const wrong of ['abc', '0', '-1s', '5d', '', '999h']) {
    assert.equal(
      oci.call('events', `--interval=${wrong}`, id), refuses(`--interval: expected a time such as 500ms, 5s or 1m, got "${wrong}"`),
    )
  }
})

/** Exit codes as a shell has them; 126 and 127 as Docker. */
const ENDS: readonly (readonly [args: readonly string[], result: Result])[] = [
  [['sh', '-c', 'echo out; exit 7'], says('out\n', 7)],
  [['true'], silent],
  [['nonexist'], refuses('exec: "nonexist": executable file not found in $PATH', 127)],
  [['/no/such'], refuses('exec: "/no/such": no such file or directory', 127)],
  [['/etc/passwd'], refuses('exec: "/etc/passwd": permission denied: expected an executable file', 126)],
  [['/etc'], refuses('exec: "/etc": permission denied: expected an executable file', 126)],
]

rootTest(test, 'run and exec end as their program does, or say why it could not be started; nothing is left', async () => {
  for (const [args, result] of ENDS) assert.equal(oci.run({ process: { args } }), result, args.join(' '))
  assert.equal(await oci.left(), [])
  const id = oci.started()
  for (const [args, result] of ENDS) assert.equal(oci.call('exec', id, ...args), result, args.join(' '))
  assert.equal(oci.call('exec', id, 'sh', '-c', 'kill -9 $$'), says('', 137))
  assert.match(oci.must('ps', id), /^ +PID {2}CMD\n +\d+ {2}sleep\n$/)
})

rootTest(test, 'a program that is not there is told by create, and what create made is gone', async () => {
  const id = oci.bundle({ process: { args: ['nonexist'] } })
  const [, refused] = ENDS.find(([[program]]) => program === 'nonexist') ?? []
  assert.equal(oci.call('create', '--bundle', oci.dirOf(id), id), refused)
  assert.equal(await oci.left(), [])
})

rootTest(test, 'ps, list, and list -q, for people and for programs', () => {
  assert.equal(oci.call('list'), says('ID   PID   STATUS   BUNDLE   CREATED\n'))
  assert.equal(oci.call('list', '-q'), silent)
  const [created, running] = [oci.bundle(), oci.started()]
  oci.create(created)
  const pids = [created, running].map((id) => oci.state(id).pid)
  assert.is(oci.must('list', '--quiet'), `${[created, running].toSorted().join('\n')}\n`)
  const list = JSON.parse(oci.must('list', '--format', 'json')) as { id: string; pid: number; status: string; owner: number }[]
  assert.equal(
    list.toSorted((a, b) => (a.id === created ? -1 : b.id === created ? 1 : 0)).map(({ id, pid, status, owner }) => [id, pid, status, owner]),
    [[created, pids[0], 'created', 0], [running, pids[1], 'running', 0]],
  )
  assert.match(oci.must('list'), new RegExp(`^${running} +${pids[1]} +running +${oci.dirOf(running)} +\\d{4}-\\d\\d-\\d\\dT`, 'm'))
  assert.equal(JSON.parse(oci.must('ps', '--format', 'json', running)), [pids[1]])
})

rootTest(test, 'kill sends the signal that was asked for, by name or number, and to all with --all', async () => {
  const script = 'trap "echo TERM" TERM; trap "echo HUP" HUP; trap "echo RT" 36; echo ready; while :; do sleep 0.01; done'
  const id = oci.bundle(sh(script))
  const { done } = oci.begin({}, 'run', '--bundle', oci.dirOf(id), id)
  const said = (): string => readdirSync(oci.dir).filter((name) => name.startsWith('out-')).map((name) => readFileSync(join(oci.dir, name), 'utf8')).join('')
  await until('it is ready', () => said().includes('ready'))
  for (const [signal, word] of [['TERM', 'TERM'], ['SIGHUP', 'HUP'], ['1', 'HUP'], ['RTMIN+2', 'RT']] as const) {
    const count = (): number => said().split(`${word}\n`).length
    const before = count()
    assert.equal(oci.call('kill', id, signal), silent)
    await until(signal, () => count() > before)
  }
  assert.equal(oci.call('kill', '--all', id, 'KILL'), silent)
  assert.is((await done).code, 137)
})

rootTest(test, 'run hands signals on to its program, and has its exit code', async () => {
  const id = oci.bundle(sh('trap "exit 9" TERM; touch /dev/shm/ready; while :; do sleep 0.01; done'))
  const { child, done } = oci.begin({}, 'run', '--bundle', oci.dirOf(id), id)
  await until('it is ready', () => oci.call('exec', id, 'test', '-e', '/dev/shm/ready').code === 0)
  child.kill('SIGTERM')
  assert.equal(await done, says('', 9))
  assert.equal(await oci.left(), [])
})

rootTest(test, 'run --detach leaves it running, --keep leaves what is left of it', async () => {
  const id = oci.bundle()
  assert.equal(oci.call('run', '--detach', '--bundle', oci.dirOf(id), id), silent)
  assert.is(oci.state(id).status, 'running')
  const kept = oci.bundle({ process: { args: ['true'] } })
  assert.equal(oci.call('run', '--keep', '--bundle', oci.dirOf(kept), kept), silent)
  assert.is(oci.state(kept).status, 'stopped')
  assert.equal(oci.call('delete', kept), silent)
})

rootTest(test, 'exec: another user, directory, environment, capabilities; a process.json; in the background', async () => {
  const id = oci.started()
  const status = 'grep -E "^(Uid|Groups|CapEff|NoNewPrivs)" /proc/self/status | tr "\\t" " "; pwd; echo $A'
  assert.is(
    oci.must('exec', '--user', '1000:1001', '-g', '7', '-g', '8', '--cwd', '/tmp', '-e', 'A=b', id, 'sh', '-c', status),
    'Uid: 1000 1000 1000 1000\nGroups: 7 8 \nCapEff: 0000000000000000\nNoNewPrivs: 1\n/tmp\nb\n',
  )
  const ids = (...flags: string[]): string => oci.must('exec', ...flags, owned, 'sh', '-c', 'echo $(id -u) $(id -g) $(id -G)')
  const owned = oci.started({ process: { user: { uid: 1000, gid: 1001, additionalGids: [5] } } })
  assert.equal([['--user', '7'], ['--user', '7:8'], ['-g', '9']].map((flags) => ids(...flags)),
    ['7 1001 1001 5\n', '7 8 8 5\n', '1000 1001 1001 5 9\n'], 'what is not said stays as it is')
  assert.equal(oci.call('exec', '--cwd', 'tmp', id, 'true'), refuses('--cwd: expected an absolute path, got "tmp"'))
  assert.equal(oci.call('exec', '--preserve-fds', '-1', id, 'true'), refuses('--preserve-fds: expected how many descriptors to hand on, got -1'))
  assert.match(oci.call('exec', '--cap', 'CAP_TEA', id, 'true').stderr, /^pocker oci: process\.capabilities\.bounding: passed over CAP_TEA, /)
  assert.match(oci.must('exec', '--cap', 'CAP_CHOWN', id, 'sh', '-c', status), /^CapEff: 0000000020000421$/m)
  const file = join(oci.dirOf(id), 'process.json')
  writeFileSync(file, JSON.stringify({ cwd: '/bin', args: ['sh', '-c', 'pwd; id -u'], env: ['PATH=/bin'], user: { uid: 5, gid: 5 } }))
  assert.is(oci.must('exec', '--process', file, id), '/bin\n5\n')
  assert.equal(oci.call('exec', '--detach', id, 'sleep', '1002'), silent)
  assert.match(oci.must('exec', id, 'ps'), /sleep 1002/)
})

rootTest(test, 'exec joins the first process where the group itself takes nobody, as it hands controllers down', () => {
  const { tree: { unified }, path } = oci.group
  const [name] = unified === undefined ? [] : readFileSync(join(unified, path, 'cgroup.controllers'), 'utf8').trim().split(' ')
  if (!unified || !name) return // version 1 has them all
  const give = (group: string): void => writeFileSync(join(unified, group, 'cgroup.subtree_control'), `+${name}`)
  give(path)
  const id = oci.started()
  mkdirSync(join(unified, path, id, 'leaf'))
  writeFileSync(join(unified, path, id, 'leaf/cgroup.procs'), String(oci.state(id).pid))
  give(`${path}/${id}`)
  assert.match(oci.must('exec', id, 'cat', '/proc/self/cgroup'), /^0::\/leaf$/m)
})

rootTest(test, 'update changes the limits of what runs', () => {
  const id = oci.started()
  const { unified = '', v1 } = oci.group.tree
  const limit = (controller: string, ...names: string[]): string | undefined => {
    const file = names.map((name) => join(v1[controller] ?? unified, oci.group.path, id, name)).find((path) => existsSync(path))
    return file && readFileSync(file, 'utf8').trim()
  }
  assert.equal(oci.call('update', '--pids-limit', '7', '--memory', '67108864', id), silent)
  assert.is(limit('pids', 'pids.max'), '7')
  assert.is(limit('memory', 'memory.max', 'memory.limit_in_bytes'), '67108864')
  const file = join(oci.dirOf(id), 'resources.json')
  writeFileSync(file, JSON.stringify({ pids: { limit: 9 } }))
  assert.equal(oci.call('update', '--resources', file, id), silent)
  assert.is(limit('pids', 'pids.max'), '9')
  const weighed = oci.call('update', '--blkio-weight', '500', id)
  const weights = limit('blkio', 'blkio.bfq.weight', 'io.weight')
  if (weights === undefined) assert.match(weighed.stderr, /weight.*ENOENT/)
  else assert.equal([weighed, /\d+$/.exec(weights)?.[0]], [silent, v1['blkio'] === undefined ? '4950' : '500'])
  const wrong = (text: string, line: string): void => {
    writeFileSync(file, text)
    assert.equal(oci.call('update', '--resources', file, id), refuses(line))
  }
  wrong('{"pids":', `${file}: expected JSON, got "{\\"pids\\":"`)
  wrong('{"pids": 5}', `${file}: pids: expected an object, got 5`)
  assert.equal(oci.call('update', '--resources', '/nowhere', id), refuses('--resources: expected a file, got ENOENT at /nowhere'))
})

rootTest(test, 'update keeps what nobody said: the other half of a quota, what is 0, the memory below a limit of swap', () => {
  const resources = { cpu: { quota: 20_000, period: 50_000 }, pids: { limit: 9 }, memory: { limit: 67_108_864 } }
  const id = oci.started({ linux: { resources } })
  const { unified = '', v1, swap } = oci.group.tree
  const text = (controller: string, ...names: string[]): string => names.map((name) => join(v1[controller] ?? unified, oci.group.path, id, name))
    .filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8').trim()).join(' ').replace('max', '-1')
  const limits = (): string[] => [
    text('cpu', 'cpu.max', 'cpu.cfs_quota_us', 'cpu.cfs_period_us'), text('pids', 'pids.max'), text('memory', 'memory.max', 'memory.limit_in_bytes'),
  ]
  const file = join(oci.dirOf(id), 'resources.json')
  writeFileSync(file, JSON.stringify({ cpu: { quota: 0, period: 0 }, pids: { limit: 0 }, memory: { limit: 0 } }))
  const steps: readonly (readonly [cpu: string, ...words: string[]])[] = [
    ['20000 40000', '--cpu-period', '40000'], ['30000 40000', '--cpu-quota', '30000'], ['30000 40000', '--resources', file],
    ['-1 40000', '--cpu-quota', '-1'], ...(swap ? [['-1 40000', '--memory-swap', '134217728'] as const] : []),
  ]
  for (const [cpu, ...words] of steps) {
    assert.equal(oci.call('update', ...words, id), silent, words.join(' '))
    assert.equal(limits(), [cpu, '9', '67108864'], words.join(' '))
  }
})

rootTest(test, '--pid-file has the number, whole, and nothing waits for the process but its parent', async () => {
  const id = oci.bundle()
  const [file, execFile] = ['pid', 'exec-pid'].map((name) => join(oci.dirOf(id), name)) as [string, string]
  oci.create(id, '--pid-file', file)
  assert.is(readFileSync(file, 'utf8'), String(oci.state(id).pid))
  assert.not.ok(existsSync(join(oci.root, id, 'exit')))
  oci.must('start', id)
  assert.equal(oci.call('exec', '--detach', '--pid-file', execFile, id, 'sleep', '1003'), silent)
  assert.is(readFileSync(`/proc/${readFileSync(execFile, 'utf8')}/cmdline`, 'utf8'), 'sleep\x001003\0')
})

rootTest(test, '--preserve-fds hands on as many descriptors behind 2 as are told, and no more', async () => {
  const id = oci.bundle({ process: { args: ['sh', '-c', 'cat <&3; cat <&4'] } })
  const text = join(oci.dirOf(id), 'text')
  writeFileSync(text, 'from outside\n')
  const more = (): number[] => ['one', 'two'].map(() => openSync(text, 'r'))
  const cases: readonly (readonly [flags: readonly string[], said: string])[] = [
    [['--preserve-fds', '2'], 'from outside\nfrom outside\n'], [['--preserve-fds=1'], 'from outside\n'], [[], ''],
  ]
  const running = oci.started()
  const only = openSync(text, 'r')
  assert.equal(
    oci.callWith({ more: [only] }, 'exec', '--preserve-fds', '2', running, 'true'),
    refuses('--preserve-fds: expected descriptor 4 to be open, as 2 are to be handed on, it is not'),
  )
  closeSync(only)
  for (const [flags, said] of cases) {
    for (const words of [['run', '--bundle', oci.dirOf(id), ...flags, id], ['exec', ...flags, running, 'sh', '-c', 'cat <&3; cat <&4']]) {
      const fds = more()
      assert.is(oci.callWith({ more: fds }, ...words).stdout, said, words.join(' '))
      for (const fd of fds) closeSync(fd)
    }
  }
})

rootTest(test, 'the program has the caller\'s standard input, output and error', () => {
  const text = join(oci.dir, 'input')
  writeFileSync(text, 'typed\n')
  const input = openSync(text, 'r')
  assert.equal(oci.run(sh('read line; echo "<$line>"; echo error >&2'), { input }), { ...says('<typed>\n'), stderr: 'error\n' })
  closeSync(input)
})

rootTest(test, '--log gets what goes wrong, as text or JSON, beside standard error', () => {
  const log = join(oci.dir, 'log')
  const line = 'container "nobody" does not exist'
  assert.equal(oci.call('--log', log, '--log-format', 'json', 'state', 'nobody'), refuses(line))
  const { level, msg, time } = JSON.parse(readFileSync(log, 'utf8')) as Record<string, string>
  assert.equal([level, msg], ['error', line])
  assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 600_000)
  oci.call('--log', log, 'state', 'nobody')
  assert.match(readFileSync(log, 'utf8').split('\n')[1] ?? '', /^time="[^"]+" level=error msg="container \\"nobody\\" does not exist"$/)
  assert.is(oci.must('--log', log, '--version'), 'pocker oci version 0.1.0\nspec: 1.2.0\n')
  const lost = '--log: expected a file to write to, got ENOENT at /nowhere/log'
  assert.equal(oci.call('--log', '/nowhere/log', 'state', 'nobody'), refuses(`${lost}\npocker oci: ${line}`))
})

rootTest(test, '`pocker oci` is the same program', () => {
  const pocker = new URL('../../../pocker/bin/pocker.mjs', import.meta.url).pathname
  const { status, stderr } = spawnSync(process.execPath, [pocker, 'oci', '--root', oci.root, 'state', 'nobody'], { encoding: 'utf8' })
  assert.equal([status, stderr], [1, 'pocker oci: container "nobody" does not exist\n'])
})

rootTest(test, 'a tmpfs with what the image has there, shared or read-only: then once it is filled', () => {
  for (const [words, access] of [[['tmpcopyup', 'nosuid', 'rshared'], 'rw'], [['tmpcopyup', 'ro'], 'ro'], [['rro', 'tmpcopyup'], 'ro']] as const) {
    const { code, stdout, stderr } = oci.run({
      ...sh('test -s /etc/passwd && grep " /etc " /proc/self/mountinfo | cut -d " " -f 5,6'),
      mounts: [{ destination: '/etc', type: 'tmpfs', source: 'tmpfs', options: [...words] }],
    })
    assert.equal([code, stderr, stdout.split(/[ ,]/).slice(0, 2)], [0, '', ['/etc', access]], words.join())
  }
})

test.run()
