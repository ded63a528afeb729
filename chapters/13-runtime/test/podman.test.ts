// Debian's podman, through conmon, with our runtime; and with runc, which says what is right.
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findTree, processes, remove, roots } from '@pocker/cgroup'
import { busybox, testIf } from '@pocker/testing'
import { until } from './oci.ts'

const POCKER = fileURLToPath(new URL('../../../pocker/bin/pocker-oci.cjs', import.meta.url))
const has = (name: string): boolean => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
const can = process.geteuid?.() === 0 && ['podman', 'conmon', 'runc', 'script'].every(has)
const tree = findTree()
const PARENT = `/pocker/podman-${process.pid}`
/** Seconds for one command: more is a hang. */
const LIMIT = 60

const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env
// podman's sockets lie in it, and a path of more than 50 characters is too long for them.
const dir = mkdtempSync('/tmp/podman-')
const mountsBefore = readFileSync('/proc/self/mountinfo', 'utf8')
/** Directly below each hierarchy: podman makes some of its own there. */
const groups = (): string[] => roots(tree).flatMap((root) => readdirSync(root).map((name) => join(root, name)))
/** runc makes its groups in the hierarchy without a controller, too, which our tree does not count. */
const SYSTEMD = '/sys/fs/cgroup/systemd'
const groupsBefore = groups()
const LOCKS = '/dev/shm/libpod_lock'
const locksBefore = existsSync(LOCKS)

interface Said { readonly code: number | null; readonly text: string }

/** One podman for each runtime, with a storage of its own. */
class Podman {
  readonly #runtime: string
  readonly #flags: readonly string[]
  readonly name: string

  constructor(name: string, runtime: string) {
    this.name = name
    this.#runtime = runtime
    const own = join(dir, name)
    mkdirSync(own)
    this.#flags = [
      '--root', join(own, 'root'), '--runroot', join(own, 'run'), '--tmpdir', join(own, 'tmp'), '--cgroup-manager', 'cgroupfs',
      '--runtime', this.#runtime, '--storage-driver', 'overlay', '--events-backend', 'file',
    ]
  }

  words(...words: readonly string[]): string[] {
    const more = words[0] === 'run'
      ? ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1000:1000', '--cgroup-parent', PARENT, '--network', 'none']
      : []
    return ['podman', ...this.#flags, words[0] ?? '', ...more, ...words.slice(1)]
  }

  /** Output, then errors: conmon reads them apart, in no order. What differs from container to container is taken out. */
  call(...words: readonly string[]): Said {
    return this.#said(['timeout', String(LIMIT), ...this.words(...words)])
  }

  /** At a terminal of 24 lines and 80 columns. */
  atTerminal(...words: readonly string[]): Said {
    const line = this.words(...words).map((word) => `'${word}'`).join(' ')
    const typed = openSync(join(dir, 'typed'), 'r+') // nobody types, and it does not end: script would hang up
    try {
      return this.#said(['timeout', String(LIMIT), 'script', '-qec', `stty rows 24 cols 80; ${line}`, '/dev/null'], typed)
    } finally {
      closeSync(typed)
    }
  }

  #said([program = '', ...args]: readonly string[], input: number | 'ignore' = 'ignore'): Said {
    const files = ['out', 'err'].map((name) => join(dir, `${this.name}-${name}`))
    const fds = files.map((path) => openSync(path, 'w'))
    const { status } = spawnSync(program, args, { env, stdio: [input, ...fds] })
    for (const fd of fds) closeSync(fd)
    const text = files.map((path) => readFileSync(path, 'utf8')).join('')
      .replaceAll('\r', '').replaceAll(/[0-9a-f]{64}/g, '<id>').replaceAll(this.name, '<runtime>')
    return { code: status, text: text.trim() }
  }
}

const PODMEN = { runc: 'runc', pocker: POCKER }
const podmen: Podman[] = []

test.before(async () => {
  if (!can) return
  mkdirSync(dir, { recursive: true })
  const rootfs = join(dir, 'rootfs')
  spawnSync('cp', ['-a', await busybox(), rootfs])
  writeFileSync(join(rootfs, 'etc/copied'), 'from the image\n')
  writeFileSync(join(dir, 'file'), 'of the host\n')
  spawnSync('mkfifo', [join(dir, 'typed')])
  spawnSync('tar', ['-C', rootfs, '-cf', join(dir, 'image.tar'), '.'])
  for (const [name, runtime] of Object.entries(PODMEN)) {
    const podman = new Podman(name, runtime)
    podmen.push(podman)
    const { code, text } = podman.call('import', join(dir, 'image.tar'), 'localhost/bb')
    if (code !== 0) throw new Error(`podman import: ${text}`)
  }
})

test.after(async () => {
  for (const podman of podmen) podman.call('rm', '--all', '--force', '--time', '0')
  const left = processes({ tree, path: PARENT }).map((pid) => `process ${pid} in ${PARENT}`)
  await remove({ tree, path: PARENT })
  for (const path of groups().filter((one) => !groupsBefore.includes(one)).toSorted((a, b) => b.length - a.length)) {
    await remove({ tree, path: path.slice((roots(tree).find((root) => path.startsWith(`${root}/`)) ?? '').length) })
  }
  spawnSync('find', [join(SYSTEMD, PARENT), '-depth', '-type', 'd', '-delete'])
  if (existsSync(join(SYSTEMD, PARENT))) left.push(`cgroup: ${SYSTEMD}${PARENT}`)
  for (const root of [...roots(tree), SYSTEMD]) {
    try {
      rmdirSync(join(root, 'pocker'))
    } catch {
      // others have groups in it, or it is gone
    }
  }
  // podman leaves its storage mounted on itself.
  const mounted = (): string[] => readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
    .filter((line) => !mountsBefore.includes(line)).map((line) => line.split(' ')[4] ?? '').filter((path) => path.startsWith(dir))
  for (const path of mounted().toReversed()) spawnSync('umount', [path])
  left.push(...mounted().map((path) => `mount: ${path}`))
  if (!locksBefore) rmSync(LOCKS, { force: true })
  if (left.length === 0) rmSync(dir, { recursive: true, force: true })
  assert.equal(left, [])
})

const podmanTest = (name: string, body: () => Promise<void> | void): void =>
  testIf(can, 'needs root, and podman, conmon and runc', test, `podman: ${name}`, body)

const IMAGE = 'localhost/bb'

/** What both must say; the words come behind `podman run --rm`. Of two versions of cgroups at once, runc shows less. */
const RUNS: Readonly<Record<string, { readonly words: readonly string[]; readonly code?: number; readonly says?: string | RegExp }>> = {
  'an exit code': { words: [IMAGE, 'sh', '-c', 'exit 7'], code: 7 },
  'a user': { words: ['--user', '1000:1000', IMAGE, 'id'], says: /^uid=1000(\(1000\))? gid=1000/ },
  '--read-only': { words: ['--read-only', IMAGE, 'sh', '-c', 'touch /x; touch /tmp/y && echo tmp'], says: /^tmp\n.*Read-only file system$/ },
  '--pids-limit': { words: ['--pids-limit', '11', IMAGE, 'sh', '-c', 'cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; exit 0'], says: '11' },
  '--memory': { words: ['--memory', '64m', IMAGE, 'sh', '-c', 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; exit 0'], says: '67108864' },
  '--cap-drop ALL': { words: ['--cap-drop', 'ALL', IMAGE, 'grep', 'Cap', '/proc/self/status'], says: /CapEff:\s0{16}/ },
  'default capabilities': { words: [IMAGE, 'grep', 'Cap', '/proc/self/status'] },
  'descriptors': { words: [IMAGE, 'ls', '/proc/self/fd'], says: '0\n1\n2\n3' },
  '--hostname': { words: ['--hostname', 'box', IMAGE, 'hostname'], says: 'box' },
  '-e and -w': { words: ['-e', 'A=b', '-w', '/tmp', IMAGE, 'sh', '-c', 'pwd; echo $A'], says: '/tmp\nb' },
  '-v, read-only': { words: ['-v', `${dir}/file:/file:ro`, IMAGE, 'sh', '-c', 'cat /file; touch /file || cat /file'], says: /^of the host\nof the host\n.*Read-only file system$/ },
  '--tmpfs with what the image has there': { words: ['--tmpfs', '/etc', IMAGE, 'cat', '/etc/copied'], says: 'from the image' },
  '--uidmap': { words: ['--uidmap', '0:100000:1000', '--gidmap', '0:100000:1000', IMAGE, 'cat', '/proc/self/uid_map'], says: /0\s+100000\s+1000/ },
  '--sysctl': { words: ['--sysctl', 'kernel.msgmax=9999', IMAGE, 'cat', '/proc/sys/kernel/msgmax'], says: '9999' },
  'mounts': { words: [IMAGE, 'sh', '-c', 'cut -d " " -f 5 /proc/self/mountinfo | grep -vE "/(unified|systemd)$" | sort'] },
  'masked paths': { words: [IMAGE, 'sh', '-c', 'cat /proc/keys /proc/timer_list; ls /sys/firmware; touch /proc/sys/kernel/msgmax'], code: 1 },
  'seccomp': { words: [IMAGE, 'grep', 'Seccomp:', '/proc/self/status'], says: /2$/ },
  'devices': { words: [IMAGE, 'sh', '-c', 'stat -c "%n %a %t:%T" /dev/null /dev/zero /dev/tty /dev/ptmx; ls /dev | sort'] },
}

podmanTest(`run in front says the same as with runc: ${Object.keys(RUNS).length} cases`, () => {
  const wrong: string[] = []
  for (const [name, { words, code = 0, says }] of Object.entries(RUNS)) {
    const [control, ours] = podmen.map((podman) => podman.call('run', '--rm', ...words))
    const hits = typeof says === 'string' ? control?.text === says : !says || says.test(control?.text ?? '')
    if (control?.code !== code || !hits) wrong.push(`${name}: even runc: ${JSON.stringify(control)}`)
    if (JSON.stringify(control) !== JSON.stringify(ours)) wrong.push(`${name}: ${JSON.stringify(ours)}, runc ${JSON.stringify(control)}`)
  }
  assert.is(wrong.join('\n'), '')
})

podmanTest('what cannot be started ends with 127 and 126, as engines expect', () => {
  for (const podman of podmen) {
    const [missing, file] = ['nonexist', '/etc/passwd'].map((program) => podman.call('run', '--rm', IMAGE, program))
    assert.is(missing?.code, 127, missing?.text)
    assert.match(missing?.text ?? '', /executable file .*not found in \$PATH/)
    assert.is(file?.code, 126, file?.text)
    assert.match(file?.text ?? '', /permission denied/i)
  }
})

podmanTest('a terminal, of the size of the one it is called from', () => {
  const [control, ours] = podmen.map((podman) => podman.atTerminal('run', '--rm', '-it', IMAGE, 'sh', '-c', 'tty; stty size; exit 5'))
  assert.equal(ours, control)
  assert.equal(ours, { code: 5, text: '/dev/pts/0\n24 80' })
})

/** One container's life behind podman, as a list of what it said. */
function life(podman: Podman): (readonly [string, Said])[] {
  const steps: (readonly [string, ...string[]])[] = [
    ['run -d', 'run', '-d', '--name', 'd1', IMAGE, 'sh', '-c', 'echo line; exec sleep 1000'],
    ['ps', 'ps', '--format', '{{.Names}} {{.Image}}'],
    ['exec', 'exec', 'd1', 'sh', '-c', 'id; exit 4'],
    ['exec with a user', 'exec', '--user', '7:8', '-w', '/bin', '-e', 'A=b', 'd1', 'sh', '-c', 'id; pwd; echo $A'],
    ['exec, not found', 'exec', 'd1', 'true-no'],
    ['exec -d', 'exec', '-d', 'd1', 'sh', '-c', 'echo made > /tmp/made'],
    ['exec -d has done it', 'exec', 'd1', 'sh', '-c', 'until grep made /tmp/made 2>/dev/null; do :; done'],
    ['logs', 'logs', 'd1'],
    ['top', 'top', 'd1', 'pid', 'args'],
    ['pause', 'pause', 'd1'],
    ['is paused', 'inspect', '--format', '{{.State.Status}}', 'd1'],
    ['unpause', 'unpause', 'd1'],
    ['is running', 'inspect', '--format', '{{.State.Status}}', 'd1'],
    ['stop', 'stop', '-t', '0', 'd1'],
    ['is stopped', 'inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', 'd1'],
    ['start again', 'start', 'd1'],
    ['is running again', 'inspect', '--format', '{{.State.Status}}', 'd1'],
    ['kill', 'kill', 'd1'],
    ['wait', 'wait', 'd1'],
    ['rm', 'rm', '-f', 'd1'],
    ['ps -a', 'ps', '-a', '--format', '{{.Names}}'],
  ]
  return steps.map(([name, ...words]) => {
    const { code, text } = podman.call(...words)
    // The runtime's own words differ: what counts is that it failed, and how.
    return [name, { code, text: name === 'exec, not found' ? '' : text }] as const
  })
}

podmanTest('detached: ps, exec, logs, top, pause, stop, start again, kill, rm say the same as with runc', () => {
  const [control, ours] = podmen.map(life)
  assert.equal(ours, control)
  const { exec, 'is paused': paused, 'is stopped': stopped } = Object.fromEntries(ours ?? [])
  assert.equal([exec?.code, paused?.text, stopped?.text], [4, 'paused', 'exited 137'])
})

podmanTest('nothing is left behind its containers: no process, no cgroup, no state of the runtime', async () => {
  const monitors = (): string[] => readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dir)
    } catch {
      return false
    }
  })
  await until('conmon has ended', () => monitors().length === 0)
  const inParent = roots(tree).filter((root) => existsSync(join(root, PARENT)))
    .flatMap((root) => readdirSync(join(root, PARENT), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => `${root}/${name}`))
  assert.equal(inParent.filter((path) => !path.includes('conmon')), [])
})

test.run()
