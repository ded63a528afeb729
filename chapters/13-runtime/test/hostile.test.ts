// Containers that are traps: they look at whoever is made beside them, write to its program, swap directories under mounts,
// and lie where a runtime would look. Each row is one way that once led to the host, by the number of its CVE.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rootTest } from '@pocker/testing'
import type { Spec } from '../src/spec/schema.ts'
import { begin, OCI, until, type Change, type Oci } from './oci.ts'

let oci: Oci
/** A directory that plays the host, with a file in it. */
let host = ''
test.before.each(async () => {
  oci = await begin()
  host = join(oci.dir, 'host')
  mkdirSync(join(host, 'sub'), { recursive: true })
  writeFileSync(join(host, 'secret'), 'the host\'s\n')
})
test.after.each(() => oci.end())

/** What must not change: the mounts, the directory that plays the host, the programs, the machine's parameters. */
function outside(): unknown {
  return [
    readFileSync('/proc/self/mountinfo', 'utf8'), readdirSync(host, { recursive: true }), readFileSync(join(host, 'secret'), 'utf8'),
    ...OCI.map((path) => [statSync(path).mtimeMs, statSync(path).size, statSync(path).ino]),
    readFileSync('/proc/sys/kernel/core_pattern', 'utf8'), readFileSync('/proc/sys/kernel/msgmax', 'utf8'),
    statSync('/dev/null').rdev, statSync('/etc').mtimeMs, statSync('/').mtimeMs,
  ]
}

/** Root with all its power, in its namespaces: whatever is refused is not refused for want of a capability. */
function mighty(): NonNullable<NonNullable<Change['process']>['capabilities']> {
  const { linux } = JSON.parse(oci.must('features')) as { linux: { capabilities: string[] } }
  const all = linux.capabilities
  return { bounding: all, effective: all, permitted: all }
}

const others = ['mount', 'uts', 'ipc', 'network', 'cgroup'] as const
/** In the PID namespace of another. */
const beside = (pid: number | undefined): NonNullable<Change['linux']> =>
  ({ namespaces: [{ type: 'pid', path: `/proc/${pid}/ns/pid` }, ...others.map((type) => ({ type }))] })

/** Whatever the one who looks finds out about others; told once each, when it is told to stop. */
const LOOK = `look() {
  exe=$(readlink /proc/$1/exe) || return
  case $exe in /bin/busybox) return;; esac
  found=$(
    for fd in /proc/$1/fd/*; do echo "fd $(readlink $fd)"; done
    sed "s/^/map /" /proc/$1/maps
    tr "\\0" "\\n" < /proc/$1/environ | sed "s/^/env /")
  [ "$(readlink /proc/$1/exe)" = "$exe" ] || return # meanwhile it has become its program
  echo "exe $exe"
  echo "$found"
}
echo ready
while [ ! -e /dev/shm/stop ]; do
  for n in /proc/[0-9]*; do look \${n#/proc/}; done
  echo >> /dev/shm/rounds
done 2>/dev/null | sort -u
echo end`

interface Looker { readonly id: string; readonly pid: number; readonly seen: () => Promise<string[]> }

async function looker(capabilities: ReturnType<typeof mighty>): Promise<Looker> {
  const id = oci.bundle({ process: { args: ['sh', '-c', LOOK], capabilities } })
  const { done } = oci.begin({}, 'run', '--bundle', oci.dirOf(id), id)
  await until('it looks', () => oci.call('exec', id, 'true').code === 0)
  return {
    id, pid: oci.state(id).pid ?? 0,
    seen: async () => {
      oci.must('exec', id, 'touch', '/dev/shm/stop')
      const { code, stdout, stderr } = await done
      assert.equal([code, stderr], [0, ''])
      return stdout.split('\n').filter((line) => !['ready', 'end', ''].includes(line))
    },
  }
}

/** Lives beside one who looks: created, looked at while it waits, started, entered, deleted. */
async function livesBeside({ id, pid }: Looker): Promise<void> {
  const rounds = (): number => oci.must('exec', id, 'cat', '/dev/shm/rounds').length
  for (let i = 0; i < 12; i++) {
    const other = oci.bundle({ linux: beside(pid) })
    oci.create(other)
    const before = rounds()
    await until('one whole look at it', () => rounds() > before + 1)
    oci.must('start', other)
    oci.must('exec', other, 'true')
    oci.must('exec', id, 'true')
    oci.must('delete', '--force', other)
  }
}

rootTest(test, 'who looks in a loop at those that are created, started and entered finds no program, memory or file of the host', async () => {
  const one = await looker(mighty())
  await livesBeside(one)
  const seen = await one.seen()
  const of = (kind: string): string[] => seen.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1))
  assert.equal(of('exe'), ['/memfd:pocker (deleted)'], 'it saw some on their way, and nothing but our empty file')
  for (const line of of('env')) assert.match(line, /^(PATH|TERM)=/, 'its own, once its program runs')
  // The list itself is all of the memory; vsyscall is the kernel's.
  for (const line of of('map')) assert.match(line, /\/state\/[^/]+\/arena$|\/memfd:pocker \(deleted\)$|\[vsyscall\]$|\(deleted\)$|00:01 \d+ /, line)
  for (const line of of('map')) assert.not.match(line, /node|\.so|heap|stack/)
  // A socket is its own: lo is set up through it.
  const files = of('fd').filter((path) => !/^pipe:|^anon_inode:\[(fscontext|pidfd)\]$|^\/dev\/null$|^\/state\/|\/(start|report)$|\/(out|err)-call-\d+$/.test(path))
  assert.equal(files.filter((path) => /node|\.js|\.json|eventpoll|passwd|\.(?:c|m)js/.test(path)), [])
})

rootTest(test, 'without CAP_SYS_PTRACE, there is nothing to be seen of them at all', async () => {
  const one = await looker({})
  await livesBeside(one)
  assert.equal(await one.seen(), [])
})

rootTest(test, 'a program has descriptors 0, 1 and 2, whatever its caller had open; by run, by exec, by start', () => {
  const more = ['/etc/passwd', '/', host].map((path) => openSync(path, 'r'))
  const list = ['sh', '-c', 'for fd in /proc/$$/fd/*; do test -e $fd && echo ${fd##*/}; done']
  assert.is(oci.run({ process: { args: list } }, { more }).stdout, '0\n1\n2\n')
  const id = oci.started()
  assert.is(oci.callWith({ more }, 'exec', id, ...list).stdout, '0\n1\n2\n')
  const created = oci.bundle({ process: { args: list } })
  oci.callWith({ more }, 'create', '--bundle', oci.dirOf(created), created)
  const { pid } = oci.state(created)
  // While it waits, it holds its pipe, and places in its own root.
  const idOf = (path: string): string => [statSync(path).dev, statSync(path).ino].join()
  const held = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => idOf(`/proc/${pid}/fd/${fd}`)))
  for (const path of ['/etc/passwd', '/', host, oci.root, join(oci.root, created)]) assert.not.ok(held.has(idOf(path)), path)
  for (const fd of more) closeSync(fd)
})

rootTest(test, 'CVE-2019-5736: nothing of the host is behind /proc/PID/exe of one who enters, and the interpreter /proc/self/exe leads nowhere', async () => {
  const before = outside()
  // Met is who is still on the way after the attack.
  const attack = `echo ready; while [ ! -e /dev/shm/stop ]; do for n in /proc/[0-9]*; do
    exe=$(readlink $n/exe)
    case $exe in /bin/busybox|"") ;; *)
      echo "$exe"; { echo overwritten >> $n/exe; } && echo written
      [ "$(readlink $n/exe)" = "$exe" ] && : > /dev/shm/met;;
    esac
  done; done 2>/dev/null | sort -u`
  const id = oci.bundle({ process: { args: ['sh', '-c', attack], capabilities: mighty() } })
  const { done } = oci.begin({}, 'run', '--bundle', oci.dirOf(id), id)
  await until('it attacks', () => oci.call('exec', id, 'true').code === 0)
  for (let i = 0; i < 30; i++) oci.must('exec', id, 'true')
  await until('it has attacked one of those who enter', () => oci.call('exec', id, 'test', '-e', '/dev/shm/met').code === 0)
  oci.must('exec', id, 'sh', '-c', 'printf "#!/proc/self/exe\\n" > /dev/shm/loop; chmod 755 /dev/shm/loop; printf "#!/proc/1/exe\\n" > /dev/shm/one')
  assert.match(oci.call('exec', id, '/dev/shm/loop').stderr, /^pocker oci: [^\n]*\n$/)
  oci.must('exec', id, 'touch', '/dev/shm/stop')
  const { stdout } = await done
  assert.match(stdout, /\/memfd:pocker \(deleted\)/, 'it did attack somebody')
  assert.not.match(stdout, /written|node/)
  assert.equal(outside(), before)
})

rootTest(test, 'CVE-2021-30465: a directory that is swapped for a link while mounts are made in it leads none of them out', async () => {
  const id = oci.bundle()
  const root = oci.ownRootfs(id)
  mkdirSync(join(root, 'shared/target'), { recursive: true })
  const before = outside()
  const swap = `cd ${root}/shared && echo swapping && while :; do rm -rf target; ln -s ${host} target; rm target; ln -s / target; rm target; mkdir target; done`
  const swapper = spawn('sh', ['-c', swap], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(swapper.stdout, 'data')
  let started = 0
  try {
    for (let i = 0; i < 40; i++) {
      const { code, stdout, stderr } = oci.run({
        root: { path: root, readonly: false },
        process: { args: ['sh', '-c', 'cut -d " " -f 5 /proc/self/mountinfo; ls -a /shared/target/ /shared/target/deeper/ /'] },
        mounts: [
          { destination: '/shared/target', type: 'tmpfs', source: 'tmpfs' },
          { destination: '/shared/target/deeper', type: 'tmpfs', source: 'tmpfs' },
        ],
      })
      assert.not.match(stdout, /secret|\.ci|oci-\d/, stdout)
      for (const place of stdout.split('\n').filter((line) => line.startsWith('/') && !line.endsWith(':'))) {
        assert.match(place, /^\/(proc|dev|sys|shared\/target|deeper)?(\/|$)/, `mounted at ${place}`)
      }
      if (code === 0) started++
      else assert.match(stderr, /./)
    }
  } finally {
    swapper.kill('SIGKILL')
    await once(swapper, 'close')
  }
  assert.equal(outside(), before)
  assert.ok(started > 0, 'some start, or nothing was tested')
})

const CWDS = [
  ...Array.from({ length: 18 }, (_, i) => `/proc/self/fd/${i + 3}`), ...[7, 8, 9].map((fd) => `/proc/self/fd/${fd}/../../..`),
  '/proc/self/root', '/proc/1/root', '/proc/self/cwd', '/link/to/7',
]

rootTest(test, `CVE-2024-21626: no working directory leads to a descriptor, for create or exec: ${CWDS.length} of them`, () => {
  const id = oci.bundle()
  const root = oci.ownRootfs(id)
  mkdirSync(join(root, 'link/to'), { recursive: true })
  symlinkSync('/proc/self/fd/7', join(root, 'link/to/7'))
  const running = oci.started({ root: { path: root, readonly: true } })
  const more = Array.from({ length: 10 }, () => openSync('/', 'r'))
  for (const cwd of CWDS) {
    const args = ['sh', '-c', 'pwd; ls -a . ..']
    for (const { code, stdout, stderr } of [
      oci.run({ root: { path: root, readonly: true }, process: { cwd, args } }, { more }),
      oci.callWith({ more }, 'exec', '--cwd', cwd, running, ...args),
    ]) {
      assert.is(stdout, '', cwd)
      assert.is.not(code, 0, cwd)
      assert.match(stderr, /^pocker oci: [^\n]*openat2[^\n]*: (ELOOP|ENOENT|ENOTDIR|EACCES)[^\n]*\n$/, cwd)
    }
  }
  for (const fd of more) closeSync(fd)
})

/** Without /dev and what is in it, so that the image's own is used. */
function bare(change: Change, { without }: { without: RegExp }): string {
  const id = oci.bundle(change)
  const path = join(oci.dirOf(id), 'config.json')
  const config = JSON.parse(readFileSync(path, 'utf8')) as Spec
  writeFileSync(path, JSON.stringify({ ...config, mounts: config.mounts?.filter(({ destination }) => !without.test(destination)) }))
  return id
}

rootTest(test, 'CVE-2025-31133: an image whose /dev/null is a link has its masked paths masked by nothing else than null', () => {
  const before = outside()
  for (const to of ['/proc/sys/kernel/core_pattern', '/secret', '/nowhere', join(host, 'secret'), '/proc/1/root']) {
    const id = bare({
      root: { path: 'rootfs', readonly: false },
      process: { args: ['sh', '-c', 'cat /masked /proc/interrupts; ls /hidden; stat -c "%F %t:%T" /masked; echo end'], capabilities: mighty() },
      linux: { maskedPaths: ['/proc/interrupts', '/masked', '/hidden'] },
    }, { without: /^\/dev/ })
    const root = oci.ownRootfs(id)
    rmSync(join(root, 'dev'), { recursive: true, force: true })
    mkdirSync(join(root, 'dev'))
    mkdirSync(join(root, 'hidden'))
    for (const [name, text] of [['masked', 'masked'], ['secret', 'image'], ['hidden/file', '']]) writeFileSync(join(root, name ?? ''), text ?? '')
    symlinkSync(to, join(root, 'dev', 'null'))
    const { code, stdout, stderr } = oci.call('run', '--bundle', oci.dirOf(id), id)
    if (code === 0) assert.is(stdout, 'character special file 1:3\nend\n', to)
    else assert.match(stderr, /^pocker oci: [^\n]+\n$/, to)
    assert.equal(outside(), before, to)
  }
})

rootTest(test, 'CVE-2025-52565: where /dev/pts or /dev/console of the image is a link, the console is a terminal or there is none', async () => {
  const before = outside()
  const TRICKS: Readonly<Record<string, (dev: string) => void>> = {
    'console to a parameter of the kernel': (dev) => symlinkSync('/proc/sys/kernel/core_pattern', join(dev, 'console')),
    'console to the host': (dev) => symlinkSync(join(host, 'secret'), join(dev, 'console')),
    'console to the root of process 1': (dev) => symlinkSync('/proc/1/root', join(dev, 'console')),
    'pts to /proc/sys/kernel': (dev) => symlinkSync('/proc/sys/kernel', join(dev, 'pts')),
    'pts to the host': (dev) => symlinkSync(host, join(dev, 'pts')),
    'ptmx to the host\'s file': (dev) => symlinkSync(join(host, 'secret'), join(dev, 'ptmx')),
  }
  for (const [name, trick] of Object.entries(TRICKS)) {
    const script = 'stat -L -c "%F %t" /dev/console; grep -E " /proc/(sys|1)[^ ]* .* devpts" /proc/self/mountinfo; cat /proc/sys/kernel/core_pattern | wc -l; echo end'
    const id = bare({
      root: { path: 'rootfs', readonly: false }, process: { args: ['sh', '-c', script], terminal: true, capabilities: mighty() },
    }, { without: /^\/dev\/?$/ })
    const root = oci.ownRootfs(id)
    rmSync(join(root, 'dev'), { recursive: true, force: true })
    mkdirSync(join(root, 'dev'))
    trick(join(root, 'dev'))
    const { code, stdout, stderr } = oci.call('run', '--bundle', oci.dirOf(id), id)
    if (code === 0) assert.match(stdout.replaceAll('\r', ''), /^(character special file (88|5)\n|)(stat: [^\n]*\n)?1\nend\n$/, name)
    else assert.match(stderr, /^pocker oci: [^\n]+\n$/, name)
    assert.equal(outside(), before, name)
  }
})

rootTest(test, 'CVE-2025-52881: parameters are written to the kernel, wherever the image or a mount leads /proc', () => {
  const before = outside()
  const fake = (root: string): void => {
    mkdirSync(join(root, 'fake/sys/kernel'), { recursive: true })
    writeFileSync(join(root, 'fake/sys/kernel/msgmax'), 'fake')
  }
  const cases: Readonly<Record<string, { readonly mounts?: Change['mounts']; readonly spoil?: (root: string) => void }>> = {
    '/proc is a link into the image': { spoil: (root) => symlinkSync('fake', join(root, 'proc')) },
    '/proc is a link to the host': { spoil: (root) => symlinkSync(host, join(root, 'proc')) },
    'a tmpfs over /proc/sys': { mounts: [{ destination: '/proc/sys', type: 'tmpfs', source: 'tmpfs' }] },
    'a directory of the host over /proc/sys/kernel': { mounts: [{ destination: '/proc/sys/kernel', type: 'bind', source: host, options: ['bind'] }] },
    'a file over the parameter': {
      mounts: [{ destination: '/proc/sys/kernel/msgmax', type: 'bind', source: '/proc/sys/kernel/core_pattern', options: ['bind'] }],
    },
  }
  for (const [name, { mounts, spoil }] of Object.entries(cases)) {
    const id = oci.bundle({
      root: { path: 'rootfs', readonly: false }, process: { args: ['sh', '-c', 'umount -l /proc/sys/kernel/msgmax /proc/sys/kernel /proc/sys; cat /proc/sys/kernel/msgmax'], capabilities: mighty() },
      linux: { sysctl: { 'kernel.msgmax': '9999' }, readonlyPaths: [], maskedPaths: [] }, ...(mounts && { mounts }),
    })
    const root = oci.ownRootfs(id)
    fake(root)
    if (spoil) {
      rmSync(join(root, 'proc'), { recursive: true, force: true })
      spoil(root)
    }
    const { code, stdout, stderr } = oci.call('run', '--bundle', oci.dirOf(id), id)
    if (code === 0) assert.is(stdout, '9999\n', name)
    else assert.match(stderr, /pocker oci: [^\n]+\n$/, name)
    assert.is(readFileSync(join(root, 'fake/sys/kernel/msgmax'), 'utf8'), 'fake', name)
    assert.equal(outside(), before, name)
  }
})

test.run()
