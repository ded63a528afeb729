// Groups, for real: the same tests on a machine with version 2, and on one where controllers sit in version 1.
import { mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  allProcesses, below, cgroup, cpuMax, DEFAULT_DEVICES, devices, exists, findTree, freeze, get, kill, limited, pids, prepare, processes,
  put, remove, roots, type Group,
} from '@pocker/cgroup'
import { chroot } from '@pocker/chroot'
import { pid } from '@pocker/pid'
import {
  AT_FDCWD, callAll, command, foreground, mknod, namespaces, open, O_RDWR, plan, run, spawn, umask, type Child, type Finished, type Isolation,
} from '@pocker/syscalls'
import { busybox, rootTest } from '@pocker/testing'

const devNull = (): number => openSync('/dev/null', 'w')
/** <linux/stat.h> */
const S_IFBLK = 0o60000
const PARENT = `/pocker/test-${process.pid}`
let count = 0
const newGroup = (): Group => ({ tree: findTree(), path: `${PARENT}/${count++}` })
test.before(() => { if (process.geteuid?.() === 0) prepare(findTree(), PARENT) })
test.after(async () => { if (process.geteuid?.() === 0) await remove({ tree: findTree(), path: PARENT }) })

async function inside(group: Group, script: string, ...more: Isolation[]): Promise<Finished> {
  const own = cgroup(group, { namespace: 'private' })
  return run([own, ...more, pid({ mode: 'private' }), chroot({ path: await busybox() })], ['sh', '-c', script])
}

/** A container that does nothing but burn its processor. */
async function busy(group: Group, ...more: Isolation[]): Promise<Child> {
  return spawn(plan([
    cgroup(group, { namespace: 'private' }), ...more, foreground(), pid({ mode: 'private' }), chroot({ path: await busybox() }),
    command({ argv: ['sh', '-c', 'while :; do :; done'] }),
  ]))
}

/** The processor time of a process, in ticks of 10 ms. @see proc_pid_stat(5), utime */
function ticks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

rootTest(test, 'a container is in its group in every hierarchy, and sees it as the root', async () => {
  const group = newGroup()
  const child = await busy(group)
  try {
    assert.ok(exists(group))
    assert.equal(processes(group), [child.pid])
    const own = readFileSync(`/proc/${child.pid}/cgroup`, 'utf8').trim().split('\n').filter((line) => !line.includes('name='))
    const controllers = own.filter((line) => line.endsWith(group.path))
    assert.is(controllers.length, 1 + new Set(Object.values(group.tree.v1)).size)
    assert.is.not(namespaces(child.pid)['cgroup'], namespaces('self')['cgroup'])
  } finally {
    child.kill('SIGKILL')
    await child.wait()
  }
  assert.not.ok(exists(group))
  const { stdout } = await inside(newGroup(), 'mount -t proc proc /proc; cat /proc/self/cgroup; umount /proc')
  assert.ok(stdout.trim().split('\n').some((line) => line === '0::/'), stdout)
  assert.not.match(stdout, /pocker/)
})

rootTest(test, 'groups that are missing on the way are made for members, and those with limits of their own keep them', async () => {
  const { tree } = newGroup()
  const path = `${PARENT}/${count++}`
  const group = { tree, path: `${path}/a/b/leaf` }
  for (const root of roots(tree)) mkdirSync(`${root}${path}`) // as somebody else makes one: with a cpuset that is empty
  if (tree.v1['cpuset']) writeFileSync(`${tree.v1['cpuset']}${path}/cpuset.cpus`, '0')
  prepare(tree, `${path}/a/b`)
  const { stdout, stderr } = await inside(group, 'mount -t proc proc /proc; grep Cpus_allowed_list /proc/self/status; umount /proc')
  assert.match(stdout, tree.v1['cpuset'] ? /\t0$/m : /\t/, stderr)
})

rootTest(test, 'a quota is read back in the words of version 2', async () => {
  const group = newGroup()
  const child = await busy(group)
  try {
    for (const words of ['20000 50000', 'max 50000']) {
      callAll(put(group, { 'cpu.max': words }))
      assert.is(cpuMax(group), words)
    }
  } finally {
    await remove(group)
    await child.wait()
  }
})

rootTest(test, 'nobody is moved out of his group for the sake of one below it', async () => {
  const group = newGroup()
  const child = await busy(group)
  try {
    const below = (): void => prepare(group.tree, `${group.path}/below`)
    if (group.tree.controllers.includes('pids')) {
      assert.throws(below, new RegExp(`^cgroup: expected a group without processes of its own, got ${group.path} with 1; version 2`))
    } else below()
    assert.equal(processes(group), [child.pid])
  } finally {
    await remove(group)
    await child.wait()
  }
})

const descriptors = (): number => readdirSync('/proc/self/fd').length

rootTest(test, 'whichever way it is made, it is born in its group, and has no descriptor of the tree', async () => {
  const ways: Readonly<Record<string, Isolation>> = {
    'at once': { name: 'none' },
    'behind a gate': { name: 'gate', beside: [{ path: '/proc/{pid}/oom_score_adj', data: '0' }] },
    'by a process between': { name: 'between', before: [umask(0o22)] },
  }
  await inside(newGroup(), 'true') // what is opened once and kept
  const before = descriptors()
  for (const [way, isolation] of Object.entries(ways)) {
    const group = newGroup()
    const script = 'mount -t proc proc /proc; ls /proc/self/fd | wc -l; cat /proc/self/cgroup; umount /proc'
    const { stdout, stderr } = await inside(group, script, isolation)
    const [open, ...own] = stdout.trim().split('\n')
    assert.is(open, '4', `${way}: ${stderr}`) // 0, 1, 2, and that of ls
    assert.ok(own.some((line) => line === '0::/') && own.every((line) => line.endsWith(':/')), `${way}: ${stdout}`)
    assert.is(descriptors(), before, way)
  }
})

rootTest(test, 'a group that is gone is told, and nothing is left', async () => {
  const [group, before] = [newGroup(), descriptors()]
  const { needs: _, ...entered } = cgroup(group, { namespace: 'private' })
  for (const more of [[], [{ name: 'between', before: [umask(0o22)] }]]) {
    const gone = group.tree.unified === undefined ? /tasks.*ENOENT/ : new RegExp(`^openat\\(.*${group.path}.*: ENOENT`)
    assert.throws(() => spawn(plan([entered, ...more, command({ argv: ['true'] })])), gone)
    assert.is(descriptors(), before)
  }
})

rootTest(test, 'who made a group below his own, and went there, ends with it, frozen or not', async () => {
  for (const frozen of [false, true]) {
    const group = newGroup()
    const { tree, path } = group
    const deeper = roots(tree).map((root) => `${root}${path}/deeper`)
    const child = await busy(group)
    for (const directory of deeper) mkdirSync(directory)
    for (const directory of deeper) writeFileSync(`${directory}/cgroup.procs`, String(child.pid))
    if (frozen) await freeze(group, true)
    assert.equal([processes(group), allProcesses(group)], [[], [child.pid]])
    await remove(group)
    assert.is((await child.wait()).signal, 'SIGKILL')
    assert.not.ok(exists(group))
  }
})

rootTest(test, 'a fork bomb stays at its limit, and the machine stays usable', async () => {
  const group = newGroup()
  const child = spawn(plan([
    cgroup(group, { namespace: 'private' }), pids(group, 64), foreground(), pid({ mode: 'private' }), chroot({ path: await busybox() }),
    command({ argv: ['sh', '-c', 'b() { b | b & }; b; while :; do sleep 1; done'], stdio: [0, 1, devNull()] }),
  ]))
  try {
    const deadline = Date.now() + 20_000
    while (Date.now() < deadline && Number(get(group, 'pids.current')['']) < 60);
    assert.ok(Date.now() < deadline, 'it never came near its limit')
    let most = 0 // counted one by one: pids.current shows for a moment also what is being refused
    for (let i = 0; i < 1000; i++) most = Math.max(most, processes(group).length)
    assert.ok(most <= 64, String(most))
    assert.ok(Number(get(group, 'pids.current')['']) > 0)
    assert.is((await run([], ['true'])).code, 0) // outside, processes can be made
  } finally {
    await kill(group)
    await child.wait()
    await remove(group)
  }
})

rootTest(test, 'freeze really stops, and going on goes on', async () => {
  const group = newGroup()
  const child = await busy(group)
  try {
    await until(() => ticks(child.pid) > 2)
    await freeze(group, true)
    const [then, own] = [ticks(child.pid), ticks(process.pid)]
    await until(() => ticks(process.pid) > own + 10) // a while of this process's own work
    assert.is(ticks(child.pid), then)
    await freeze(group, false)
    await until(() => ticks(child.pid) > then + 2)
  } finally {
    await remove(group)
    assert.is((await child.wait()).signal, 'SIGKILL')
  }
})

rootTest(test, 'what is frozen is ended too, and what a container leaves running', async () => {
  const group = newGroup()
  const child = await busy(group)
  await freeze(group, true)
  await remove(group)
  assert.is((await child.wait()).signal, 'SIGKILL')
  const left = newGroup()
  const { code } = await run([cgroup(left, { namespace: 'host' })], ['sh', '-c', 'sleep 600 >/dev/null 2>&1 & exit 3'])
  assert.is(code, 3)
  assert.is(processes(left).length, 1)
  await remove(left)
  assert.not.ok(exists(left))
  assert.not.ok(below({ ...left, path: PARENT }).includes(left.path.split('/').at(-1) ?? ''))
})

rootTest(test, 'a limit that the kernel refuses is one line, and no group is left', async () => {
  const group = newGroup()
  await inside(group, 'true', limited('pids', group, { 'pids.max': '-5' }))
    .then(() => assert.unreachable(), (error: Error) => assert.match(error.message, /^write\(.*, "-5", 2\): EINVAL \(invalid argument\)/))
  assert.not.ok(exists(group))
})

rootTest(test, 'devices: null can be used, a disk can be made and not opened', async () => {
  const group = newGroup()
  const [disk, memory] = ['/tmp/pocker-disk', '/tmp/pocker-mem']
  const root = await busybox()
  const tries: Isolation = {
    name: 'tries',
    child: [
      open('/dev/null', O_RDWR), mknod(root + memory, 0o600, 1, 1),
      { call: 'mknodat', args: [AT_FDCWD, root + disk, S_IFBLK | 0o600, 7 << 8] },
    ],
  }
  const { stdout, stderr } = await inside(group, `echo x > /dev/null && echo null; cat ${disk}; cat ${memory}; rm ${disk} ${memory}; mknod /tmp/zero c 1 5 && head -c 3 /tmp/zero | wc -c; rm /tmp/zero`, devices(group, DEFAULT_DEVICES), tries)
  assert.is(stdout, 'null\n3\n')
  assert.equal(stderr.match(/Operation not permitted/g)?.length, 2, stderr)
})

rootTest(test, 'version 2\'s program is taken by the kernel, and says the same as version 1\'s files', async () => {
  const group = newGroup()
  if (!group.tree.unified) return
  const only = { ...group, tree: { ...group.tree, v1: {} } } // the unified tree alone: it enforces devices without any controller
  const { stdout, stderr } = await run([cgroup(only, { namespace: 'private' }), devices(only, DEFAULT_DEVICES), chroot({ path: await busybox() })],
    ['sh', '-c', 'echo x > /dev/null && echo null; mknod /tmp/pocker-memory c 1 1 && echo made; cat /tmp/pocker-memory; rm /tmp/pocker-memory'])
  assert.is(stdout, 'null\nmade\n')
  assert.match(stderr, /Operation not permitted/)
})

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => { setImmediate(resolve) })
}

test.run()
