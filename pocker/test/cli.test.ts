// The command line, as a user types it.
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { busybox, rootTest } from '@pocker/testing'

const bin = fileURLToPath(new URL('../bin/pocker.mjs', import.meta.url))
let dir = ''
const env = (): NodeJS.ProcessEnv => ({ ...process.env, NO_COLOR: '1', POCKER_ROOT: join(dir, 'root') })
test.before.each(() => { dir = mkdtempSync(join(tmpdir(), 'cli-')) })
test.after.each(() => rmSync(dir, { recursive: true, force: true }))

const pocker = (args: readonly string[], input = ''): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', input, env: env() })

/** Runs with the shared root file system, by its path. */
const inBusybox = async (args: (rootfs: string) => readonly string[], input = ''): Promise<Pick<SpawnSyncReturns<string>, 'status' | 'stdout' | 'stderr'>> => {
  const { status, stdout, stderr } = pocker(args(await busybox()), input)
  return { status, stdout, stderr }
}

rootTest(test, 'run --rm busybox echo hello prints hello, and says where busybox came from, once', () => {
  const first = pocker(['run', '--rm', 'busybox', 'echo', 'hello'])
  assert.equal([first.status, first.stdout], [0, 'hello\n'])
  assert.match(first.stderr, /^pocker: busybox: .*made from Debian's package busybox-static \S+\n$/)
  const second = pocker(['run', '--rm', 'busybox', 'echo', 'hello'])
  assert.equal([second.status, second.stdout, second.stderr], [0, 'hello\n', ''])
})

rootTest(test, 'environment, working directory, host name and entrypoint', async () => {
  const { status, stdout } = await inBusybox((rootfs) => ['run', '-e', 'A=1', '--env=B=x=y', '-e', 'HOME', '-e', 'NOT_SET_HERE', '-w', `/tmp/made-${process.pid}/deep`, '-h', 'box', '--entrypoint', 'sh', rootfs, '-c', 'hostname; pwd; env | sort'])
  assert.is(status, 0)
  const lines = stdout.trim().split('\n')
  assert.equal(lines.slice(0, 2), ['box', `/tmp/made-${process.pid}/deep`])
  assert.equal(lines.slice(2).filter((line) => !/^(SHLVL|PWD)=/.test(line)), ['A=1', 'B=x=y', `HOME=${process.env['HOME']}`, 'HOSTNAME=box', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'])
  rmSync(join(await busybox(), `tmp/made-${process.pid}`), { recursive: true })
})

rootTest(test, 'without -h, or with an empty one, the host name is a random id, and the machine keeps its own', async () => {
  const names = await Promise.all([[], ['-h', '']].map(async (flag) => (await inBusybox((rootfs) => ['run', ...flag, rootfs, 'hostname'])).stdout))
  for (const name of names) assert.match(name, /^[0-9a-f]{12}\n$/)
  assert.is.not(names[0], names[1])
  assert.is.not(`${hostname()}\n`, names[0])
})

rootTest(test, 'the exit code of the program is the exit code; a signal is 128 and its number', async () => {
  assert.is((await inBusybox((rootfs) => ['run', rootfs, 'sh', '-c', 'exit 42'])).status, 42)
  assert.is((await inBusybox((rootfs) => ['run', '--init', rootfs, 'sh', '-c', 'kill -KILL $$'])).status, 137)
})

rootTest(test, 'standard input, output and error go straight through, flags behind the image belong to the command', async () => {
  const result = await inBusybox((rootfs) => ['run', rootfs, 'sh', '-c', 'cat; echo err >&2', '--rm', '-e'], 'in\0\xff\n')
  assert.equal(result, { status: 0, stdout: 'in\0\xff\n', stderr: 'err\n' })
})

rootTest(test, 'an appended file stays appended to, and a pipe stays blocking', async () => {
  const file = join(dir, 'log')
  writeFileSync(file, 'before\n')
  const fd = openSync(file, 'a')
  spawnSync(process.execPath, [bin, 'run', await busybox(), 'sh', '-c', 'echo one; echo two >&2'], { stdio: ['ignore', fd, fd], env: env() })
  closeSync(fd)
  assert.is(readFileSync(file, 'utf8'), 'before\none\ntwo\n')
  const { stdout } = spawnSync('sh', ['-c', `"$0" "$1" run "$2" sh -c 'yes | head -c 1000000' | (sleep 0.2; wc -c)`, process.execPath, bin, await busybox()], { encoding: 'utf8', env: env() })
  assert.is(stdout.trim(), '1000000')
})

rootTest(test, 'each failure is one line, with its exit code, and nothing stays behind', async () => {
  const rootfs = await busybox()
  const cases: readonly [string[], number, RegExp][] = [
    [['run', '/nope', 'sh'], 125, /^pocker: rootfs: expected a directory, got \/nope, which does not exist\n$/],
    [['run', '/etc/passwd', 'sh'], 125, /^pocker: rootfs: expected a directory, got \/etc\/passwd, which is a file\n$/],
    [['run', rootfs, 'bash'], 127, /^pocker: exec: "bash": executable file not found in \$PATH\n$/],
    [['run', rootfs, '/no/such'], 127, /^pocker: exec: "\/no\/such": no such file or directory\n$/],
    [['run', rootfs, '/etc/passwd'], 126, /^pocker: exec: "\/etc\/passwd": permission denied: expected an executable file\n$/],
    [['run', rootfs, '/etc'], 126, /^pocker: exec: "\/etc": permission denied: expected an executable file\n$/],
    [['run', '--hostnmae', 'x', rootfs], 125, /^pocker: unknown option '--hostnmae' \(did you mean --hostname\?\); see 'pocker run --help'\n$/],
    [['rnu'], 125, /^pocker: unknown command 'rnu' \(did you mean run\?\); see 'pocker --help'\n$/],
    [['run'], 125, /^pocker: missing required argument 'image'; see 'pocker run --help'\n$/],
    [['run', '-h', 'x'.repeat(65), rootfs, 'true'], 125, /^pocker: hostname: at most 64 bytes, got 65\n$/],
    [['run', '-e', '=x', rootfs, 'true'], 125, /^pocker: --env: expected NAME=value, got "=x"\n$/],
    [['run', '-w', 'tmp', rootfs, 'true'], 125, /^pocker: --workdir: expected an absolute path, got tmp\n$/],
    [['run', '-w', '/etc/passwd', rootfs, 'true'], 125, /^pocker: chdir\("\/etc\/passwd"\): ENOTDIR \(not a directory\)\n$/],
    [['run', rootfs], 125, /^pocker: command: expected a program to run, got none; .*\n$/],
    [['run', '--mount', 'type=bind,source=/nope,target=/x', rootfs, 'true'], 125, /^pocker: --mount: expected a source that exists, got \/nope; make it, or use -v, which does\n$/],
    [['run', '-v', '/etc/passwd:/etc', rootfs, 'true'], 125, /^pocker: move_mount\(.*the file \/etc\/passwd at \/etc, which must be a file too\n$/],
    [['run', '--tmpfs', '/a:size=big', rootfs, 'true'], 125, /^pocker: size: expected a number of bytes .*, got "big"\n$/],
    [['run', '-v', 'name:/a', rootfs, 'true'], 125, /^pocker: --volume: expected an absolute path on the host, got "name"\n$/],
    [['run', '--ipc', 'own', rootfs, 'true'], 125, /^pocker: --ipc: expected none, .*, got "own"\n$/],
    [['run', '--shm-size', '-1', rootfs, 'true'], 125, /^pocker: size: expected a number of bytes above 0, .*, got "-1"\n$/],
    [['run', '--pid', 'container:x', rootfs, 'true'], 125, /^pocker: --pid: expected host, or container: and the number of one of its processes, got container:x\n$/],
    [['run', '--pid', 'container:4194305', rootfs, 'true'], 125, /^pocker: openat\(AT_FDCWD, "\/proc\/4194305\/ns\/pid", .*\): ENOENT \(no such file or directory\)\n$/],
    [['explain', 'run', 'nginx'], 125, /^pocker: No such image: nginx:latest; type: pocker pull nginx\n$/],
  ]
  for (const [args, status, message] of cases) {
    const result = pocker(args)
    assert.match(result.stderr, message)
    assert.equal([args.join(' '), result.status, result.stdout], [args.join(' '), status, ''])
  }
  assert.not.ok(existsSync(join(dir, 'root')))
})

rootTest(test, 'volumes, mounts and tmpfs, and a root that nothing can change', async () => {
  const path = (name: string): string => join(dir, name)
  mkdirSync(path('src'))
  writeFileSync(path('src/file'), 'content\n')
  const script = 'cat /data/file /etc/one /m/file; echo x > /data/new; echo x > /m/new; echo x > /new; echo t > /run/t && cat /run/t'
  const { stdout, stderr } = await inBusybox((rootfs) => ['run', '-v', `${path('src')}:/data`, '-v', `${path('src/file')}:/etc/one:ro`,
    '-v', `${path('made/by/us')}:/made`, '--mount', `type=bind,src=${path('src')},dst=/m,readonly`, '--tmpfs', '/run:size=1m', '--read-only', rootfs, 'sh', '-c', script])
  assert.is(stdout, 'content\ncontent\ncontent\nt\n', stderr)
  assert.equal(stderr.match(/\/\S+: Read-only file system/g), ['/m/new: Read-only file system', '/new: Read-only file system'])
  assert.equal([readdirSync(path('src')), existsSync(path('made/by/us'))], [['file', 'new'], true])
  for (const name of ['data', 'm', 'made', 'etc/one', 'run']) rmSync(join(await busybox(), name), { recursive: true, force: true })
})

rootTest(test, 'a volume follows its source if it is asked to, among shared mounts of the host\'s', async () => {
  const host = 'mount -t tmpfs none "$0" && mount --make-shared "$0" && exec "$@"'
  const line = async (...words: string[]): Promise<string> => spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', host, dir,
    process.execPath, bin, 'run', '-v', [dir, '/tmp', ...words].join(':'), await busybox(), 'grep', ' /tmp ', '/proc/self/mountinfo'],
  { encoding: 'utf8', env: { ...env(), POCKER_ROOT: '/nowhere' } }).stdout
  assert.match(await line('rslave'), /^(\S+ ){6}master:\d+ - /)
  assert.match(await line('ro,rshared'), /^(\S+ ){6}shared:\d+ master:\d+ - /)
  assert.match(await line('rprivate'), /^(\S+ ){6}- /)
  assert.match(await line(), /^(\S+ ){6}- /)
})

rootTest(test, 'whoever puts something at /dev has that, and nothing of ours below it; devices that he names come into it', async () => {
  const script = 'cut -d " " -f 5 /proc/self/mountinfo | grep "^/dev" | sort; head -c 1 /dev/nothing | wc -c'
  const { stdout } = await inBusybox((rootfs) => ['run', '--device', '/dev/zero:/dev/nothing', '--tmpfs', '/dev/:dev', rootfs, 'sh', '-c', script])
  assert.is(stdout, '/dev\n/dev/nothing\n1\n')
})

rootTest(test, 'shared memory of its own, of the size asked for, or the host\'s', async () => {
  const size = 'df /dev/shm | tail -1 | tr -s " " | cut -d " " -f 2; readlink /proc/self/ns/ipc'
  const own = (await inBusybox((rootfs) => ['run', '--shm-size', '1m', rootfs, 'sh', '-c', size])).stdout.split('\n')
  const hosts = (await inBusybox((rootfs) => ['run', '--ipc', 'host', rootfs, 'sh', '-c', size])).stdout.split('\n')
  assert.is(own[0], '1024')
  assert.is((await inBusybox((rootfs) => ['run', '--tmpfs', '/dev/shm/:size=2m', rootfs, 'sh', '-c', size])).stdout.split('\n')[0], '2048')
  assert.is.not(own[1], readlinkSync('/proc/self/ns/ipc'))
  assert.is(hosts[1], readlinkSync('/proc/self/ns/ipc'))
})

rootTest(test, 'where user namespaces are forbidden, the one line says where to look', async () => {
  // Whoever has no id himself may not make one.
  const { stderr, status } = spawnSync('unshare', ['--user', process.execPath, bin, 'run', await busybox(), 'true'], { encoding: 'utf8', env: env() })
  assert.match(stderr, /^pocker: clone3\(.*\): EPERM \(operation not permitted\); an ordinary user may not do that, or this machine forbids it: see pocker doctor\n$/m)
  assert.is(status, 125)
})

/** Starts a container that prints `ready`, and gives its pocker process. */
async function ready(script: string, ...flags: string[]): Promise<{ child: ReturnType<typeof spawn>; output: () => string }> {
  const child = spawn(process.execPath, [bin, 'run', ...flags, await busybox(), 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'], env: env() })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text })
  while (!output.includes('ready\n')) await once(child.stdout, 'data')
  return { child, output: () => output }
}

rootTest(test, 'signals are forwarded, and the container decides', async () => {
  const { child, output } = await ready('trap "echo INT" INT; trap "echo TERM; exit 9" TERM; echo ready; while :; do read -t 1 line; done')
  child.kill('SIGINT')
  while (!output().includes('INT\n')) await once(child.stdout as never, 'data')
  child.kill('SIGTERM')
  assert.equal(await once(child, 'close'), [9, null])
  assert.is(output(), 'ready\nINT\nTERM\n')
})

rootTest(test, 'process 1 ignores a signal that it does not handle; the third one means it', async () => {
  const { child, output } = await ready('trap "echo INT" INT; echo ready; while :; do read -t 1 line; done')
  for (const count of [1, 2]) {
    child.kill('SIGINT')
    while (output().split('INT\n').length <= count) await once(child.stdout as never, 'data')
  }
  child.kill('SIGINT')
  assert.equal(await once(child, 'close'), [137, null])
})

rootTest(test, 'with --init, a signal ends a program that does not handle it: 128 and its number', async () => {
  const { child } = await ready('echo ready; read line', '--init')
  child.kill('SIGTERM')
  assert.equal(await once(child, 'close'), [143, null])
})

rootTest(test, 'the program is process 1, sees only its own, and shares those of another if asked to', async () => {
  assert.match((await inBusybox((rootfs) => ['run', rootfs, 'ps'])).stdout, /^PID +USER +COMMAND\n +1 root +ps\n$/)
  assert.match((await inBusybox((rootfs) => ['run', '--init', rootfs, 'ps'])).stdout, /^ +1 root +.*init -- ps\n +\d+ root +ps\n$/m)
  assert.match((await inBusybox((rootfs) => ['run', '--pid', 'host', rootfs, 'sh', '-c', 'echo $$'])).stdout, /^\d{2,}\n$/)
  const { child } = await ready('echo ready; read line')
  const inner = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim()
  const shared = await inBusybox((rootfs) => ['run', '--pid', `container:${inner}`, rootfs, 'ps'])
  child.kill('SIGKILL')
  await once(child, 'close')
  assert.match(shared.stdout, /^ +1 root +sh -c echo ready; read line\n +\d+ root +ps\n$/m)
})

rootTest(test, 'an init is for a process 1; where another one is, it is left out', async () => {
  const result = await inBusybox((rootfs) => ['run', '--init', '--pid', 'host', rootfs, 'echo', 'here'])
  assert.equal(result, { status: 0, stdout: 'here\n', stderr: '' })
})

rootTest(test, 'nobody joins the processes of one whose process 1 has ended, and is told so', async () => {
  // A process 1 that nobody waits for: its parent becomes a program that does not.
  const other = spawn('unshare', ['--pid', 'sh', '-c', 'sleep 600 & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const until = async (pid: unknown, state: RegExp): Promise<void> => {
    while (!state.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) await new Promise((resolve) => { setImmediate(resolve) })
  }
  try {
    const number = Number((await once(other.stdout.setEncoding('utf8'), 'data'))[0])
    await until(other.pid, /^Name:\tsleep$/m)
    process.kill(number, 'SIGKILL')
    await until(number, /^State:\tZ/m)
    const { status, stderr } = await inBusybox((rootfs) => ['run', '--pid', `container:${number}`, rootfs, 'true'])
    assert.match(stderr, /^pocker: clone3\(.*\): ENOMEM \(cannot allocate memory\): make the container; if it joins a PID namespace, process 1 there has ended\n$/)
    assert.is(status, 125)
  } finally {
    other.kill('SIGKILL')
    await once(other, 'close')
  }
})

rootTest(test, 'kill -9 of pocker takes the container with it, whoever it runs as', async () => {
  for (const flags of [[], ['-u', '1000'], ['--uidmap', '0:100000:65536']]) {
    const { child } = await ready('echo ready; read line', ...flags)
    const pid = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8'))
    child.kill('SIGKILL')
    await once(child, 'close') // its output ends only when the container, which shares it, has ended too
    assert.not.ok(existsSync(`/proc/${pid}/root/bin`))
  }
})

test('explain needs no root, makes nothing, and prints the plan', () => {
  const text = pocker(['explain', 'run', '-h', 'box', 'busybox', 'echo', 'hi'])
  assert.is(text.status, 0)
  assert.match(text.stdout, /^ {2}uts +sethostname\("box", 3\) +# the container's own name$/m)
  const json = JSON.parse(pocker(['explain', '--json', 'run', '-h', 'box', 'busybox', 'echo', 'hi']).stdout)
  assert.equal(json.child.find((step: { by: string }) => step.by === 'uts'), { call: 'sethostname', args: ['box', 3], by: 'uts', why: 'the container\'s own name' })
  assert.equal(json, JSON.parse(pocker(['explain', 'run', '--json', '-h', 'box', 'busybox', 'echo', 'hi']).stdout), 'stable, and the flag may stand behind run')
  assert.equal(readdirSync(dir), [])
})

rootTest(test, 'what explain prints is what strace sees of run', async () => {
  const words = ['run', '-h', 'box', '-w', '/tmp', '-e', 'A="1"', await busybox(), 'echo', 'a b']
  const steps = pocker(['explain', ...words]).stdout.split('the child:\n')[1]?.trimEnd().split('\n') ?? []
  const printed = steps.map((line) => line.trim().replace(/^\S+ +/, '').replace(/ +# .*$/, ''))
  spawnSync('strace', ['-ff', '-o', join(dir, 'trace'), '-v', '-s', '4096', '-e', 'signal=none', process.execPath, bin, ...words], { env: env() })
  const threads = readdirSync(dir).map((file) => readFileSync(join(dir, file), 'utf8').split('\n'))
  const child = threads.find(([first]) => first?.startsWith('setsid(')) ?? []
  const executed = child.findIndex((line) => /^execve\(.* = 0$/.test(line))
  // A result that a later call takes is printed by its name, and is a number when it runs.
  const traced = child.slice(0, executed + 1).map((line) => line.replace(/ += -?\d+.*$/, '').replace(/ \/\* \S+ \*\//, '')
    .replace(/\/pocker\/[\d.]+-[0-9a-f]{12}\//, '/pocker/0-000000000000/') // the name of its group
    .replace('setgroups(1, [0])', 'setgroups(1, "\\0\\0\\0\\0")') // a list of 32 bits each
    .replace(/filter=\[.*\]/, 'filter={…}'))

  const shape = (line = ''): RegExp =>
    new RegExp(`^${line.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/<[^>]*>/g, '-?\\d+')}$`)
  const named = traced.map((line, i) => (shape(printed[i]).test(line) ? printed[i] : line))
  assert.equal(named, printed)
})

rootTest(test, 'step makes one call for each Enter, all the rest for c, and stops at q', async () => {
  const args = (rootfs: string): string[] => ['step', 'run', '-h', 'box', rootfs, '/bin/hostname']
  const whole = await inBusybox(args, '\n\n\nc\n')
  assert.is(whole.status, 0)
  assert.match(whole.stdout, /uts +sethostname\("box", 3\)\n +the container's own name\n += 0\n +host name: \S+ → box\n/)
  assert.match(whole.stdout, /^box$/m)
  for (const input of ['q\n', '\nq\n', '\n\n\n\nq\n', '']) {
    const { status, stdout } = await inBusybox(args, input)
    assert.is(status, 125)
    assert.not.match(stdout, /^box$/m)
  }
})

test('doctor tells what the machine can do', () => {
  const { stdout, status } = pocker(['doctor'])
  assert.match(stdout, /✓ processor: (x64|arm64)/)
  assert.is(status, 0)
})

test('help names every verb', () => {
  const { stdout, status } = pocker(['--help'])
  assert.is(status, 0)
  for (const verb of ['run', 'explain', 'step', 'doctor']) assert.match(stdout, new RegExp(`^ {2}${verb}`, 'm'))
})

test.run()
