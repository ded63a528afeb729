// Shared memory, semaphores and queues, for real: perl makes the System V ones, touch makes a POSIX queue.
import { randomInt } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ipc, ipcMounts, joinedShm, type IpcMode, type IpcSpec } from '@pocker/ipc'
import { DEFAULT_MOUNTS, mounts } from '@pocker/mount'
import { pid } from '@pocker/pid'
import { namespaces, run, StartError, type Finished, type Isolation } from '@pocker/syscalls'
import { beside, busybox, rootTest, waiting } from '@pocker/testing'

/** A key, and names in /dev/shm and /dev/mqueue, that nobody else has. */
const KEY = randomInt(1, 2 ** 31)
const NAME = `pocker-${KEY}`
/** What the tests could leave on the machine. */
const remains = (): unknown => [
  ...['shm', 'sem', 'msg'].map((table) => readFileSync(`/proc/sysvipc/${table}`, 'utf8').split('\n').filter((line) => line.includes(String(KEY)))),
  existsSync(join('/dev/shm', NAME)),
  readFileSync('/proc/mounts', 'utf8').split('\n').filter((line) => / \/dev\/(shm|mqueue) /.test(line)),
]
let before: unknown
test.before.each(() => { before = remains() })
test.after.each(() => assert.equal(remains(), before))

/** The isolations of a container with a root file system. */
async function container(spec: IpcSpec, path?: string): Promise<Isolation[]> {
  const root = { path: path ?? await busybox() }
  return [pid({ mode: 'private' }), ipc(spec), mounts({ root, mounts: [...DEFAULT_MOUNTS, ...ipcMounts(spec)] }), joinedShm(spec)]
}
const inside = async (spec: IpcSpec, script: string): Promise<Finished> => run(await container(spec), ['sh', '-c', script])

/** Makes one of each under KEY, unless it is there (01000 is IPC_CREAT, 02000 IPC_EXCL), and writes a word into the memory. */
const make = (word: string): string[] => ['perl', '-e', `
  for (["shm", shmget(${KEY}, 4096, 03600)], ["sem", semget(${KEY}, 1, 03600)], ["msg", msgget(${KEY}, 03600)]) {
    print "$$_[0] ", defined $$_[1] ? "made" : "there", "\\n"
  }
  shmwrite(shmget(${KEY}, 0, 0), "${word}", 0, ${word.length})`]
const read = ['perl', '-e', `$id = shmget(${KEY}, 0, 0); defined $id or print("none"), exit; shmread($id, $word, 0, 10); $word =~ s/\\0//g; print $word`]
/** 0 is IPC_RMID. */
const remove = ['perl', '-e', `shmctl(shmget(${KEY}, 0, 0), 0, 0); semctl(semget(${KEY}, 0, 0), 0, 0, 0); msgctl(msgget(${KEY}, 0), 0, 0)`]
const MADE = 'shm made\nsem made\nmsg made\n'

const here = ([program = '', ...args]: readonly string[]): string => execFileSync(program, args, { encoding: 'utf8' })

/** On the machine itself, for as long as `body` takes. */
async function onTheMachine<T>(body: () => Promise<T>): Promise<T> {
  try {
    assert.is(here(make('outside')), MADE)
    return await body()
  } finally {
    here(remove)
  }
}

rootTest(test, 'the same key inside and outside: another segment, another semaphore, another queue', () => onTheMachine(async () => {
  const script = `${quoted(read)}; echo; ${quoted(make('inside'))}; ${quoted(read)}`
  assert.is((await run([ipc({ mode: 'private' })], ['sh', '-c', script])).stdout, `none\n${MADE}inside`)
  assert.is(here(read), 'outside')
}))

rootTest(test, 'with --ipc host the key is taken, and the memory is the machine\'s', () => onTheMachine(async () => {
  const { stdout } = await run([ipc({ mode: 'host' })], ['sh', '-c', `${quoted(make('changed'))}; ${quoted(read)}`])
  assert.is(stdout, 'shm there\nsem there\nmsg there\nchanged')
}))

rootTest(test, 'a container is told only of its own segments', () => onTheMachine(async () => {
  const count = `grep -c -w ${KEY} /proc/sysvipc/shm`
  assert.is((await inside({ mode: 'private' }, count)).stdout, '0\n')
  assert.is((await inside({ mode: 'none' }, count)).stdout, '0\n')
  assert.is((await inside({ mode: 'host' }, count)).stdout, '1\n')
}))

rootTest(test, 'another container\'s segments are shared by joining its namespace', async () => {
  await beside([ipc({ mode: 'shareable' })], waiting(quoted(make('theirs'))), async (pid) => {
    assert.is((await run([ipc({ mode: { join: pid } })], read)).stdout, 'theirs')
    assert.is((await run([ipc({ mode: 'private' })], read)).stdout, 'none')
    assert.is.not(namespaces(pid)['ipc'], namespaces('self')['ipc'])
  })
})

rootTest(test, 'a POSIX queue has a name in /dev/mqueue, and each namespace its own names', async () => {
  try {
    assert.is((await inside({ mode: 'host' }, `touch /dev/mqueue/${NAME}; ls /dev/mqueue | grep -x ${NAME}`)).stdout, `${NAME}\n`)
    assert.is((await inside({ mode: 'private' }, 'ls /dev/mqueue; touch /dev/mqueue/mine; ls /dev/mqueue')).stdout, 'mine\n')
    assert.is((await inside({ mode: 'host' }, `ls /dev/mqueue | grep -x -e ${NAME} -e mine`)).stdout, `${NAME}\n`)
  } finally {
    await inside({ mode: 'host' }, `rm /dev/mqueue/${NAME}`)
  }
  assert.is((await inside({ mode: 'host' }, `ls /dev/mqueue | grep -c -x ${NAME}`)).stdout, '0\n')
})

rootTest(test, '/dev/shm is its own, for everybody, with the size asked for', async () => {
  writeFileSync(join('/dev/shm', NAME), 'outside')
  try {
    const script = 'ls /dev/shm; stat -c %a /dev/shm; df -k /dev/shm | tail -1; grep " /dev/shm " /proc/mounts; touch /dev/shm/mine'
    for (const [shmSize, kib] of [[undefined, 65536], [1024 * 1024, 1024], [5000, 8]] as const) {
      const { stdout } = await inside({ mode: 'private', ...(shmSize && { shmSize }) }, script)
      assert.match(stdout, new RegExp(`^1777\nshm +${kib} +0 +${kib} +0% /dev/shm\nshm /dev/shm tmpfs rw,nosuid,nodev,noexec,.*size=${kib}k`))
    }
    assert.not.ok(existsSync('/dev/shm/mine'))
  } finally {
    rmSync(join('/dev/shm', NAME))
  }
})

rootTest(test, 'more than the size does not fit', async () => {
  const { stdout, stderr } = await inside({ mode: 'private', shmSize: 65536 }, 'dd if=/dev/zero of=/dev/shm/x bs=1k count=128; wc -c < /dev/shm/x')
  assert.match(stderr, /No space left on device/)
  assert.is(stdout, '65536\n')
})

rootTest(test, 'with --ipc host, /dev/shm is the machine\'s', async () => {
  try {
    await inside({ mode: 'host' }, `echo shared > /dev/shm/${NAME}`)
    assert.is(readFileSync(join('/dev/shm', NAME), 'utf8'), 'shared\n')
  } finally {
    rmSync(join('/dev/shm', NAME), { force: true })
  }
})

rootTest(test, 'with --ipc none, nothing is mounted at /dev/shm', async () => {
  const { stdout } = await inside({ mode: 'none' }, 'grep -c " /dev/shm " /proc/mounts; grep -c " /dev/mqueue mqueue " /proc/mounts')
  assert.is(stdout, '0\n1\n')
})

rootTest(test, 'a joined container has the same memory, the same size and the same queues', async () => {
  await beside(await container({ mode: 'shareable', shmSize: 4096 }), waiting('echo theirs > /dev/shm/note; touch /dev/mqueue/theirs'), async (pid) => {
    const mode: IpcMode = { join: pid }
    const { stdout, stderr } = await inside({ mode }, 'cat /dev/shm/note; ls /dev/mqueue; df -k /dev/shm | tail -1; echo ours > /dev/shm/note')
    assert.match(stdout, /^theirs\ntheirs\nshm +4 .*\/dev\/shm\n$/, stderr)
    assert.is((await inside({ mode }, 'cat /dev/shm/note; readlink /proc/self/ns/ipc')).stdout, `ours\n${namespaces(pid)['ipc']}\n`)
    assert.match((await inside({ mode }, 'grep " /dev/shm " /proc/mounts')).stdout, /^shm \/dev\/shm tmpfs rw,nosuid,nodev,noexec,/)
  })
})

rootTest(test, 'what may be done with the memory is our own mount\'s business, not the other\'s', async () => {
  await beside(await container({ mode: 'shareable' }), waiting('mount -o remount,bind,exec,suid,dev /dev/shm'), async (pid) => {
    assert.match(readFileSync(`/proc/${pid}/mounts`, 'utf8'), /^shm \/dev\/shm tmpfs rw,relatime/m)
    const { stdout } = await inside({ mode: { join: pid } }, 'grep " /dev/shm " /proc/mounts')
    assert.match(stdout, /^shm \/dev\/shm tmpfs rw,nosuid,nodev,noexec,/)
  })
})

rootTest(test, 'the way there and back keeps the working directory: a relative root is still found', async () => {
  const [path, here] = [await busybox(), process.cwd()]
  process.chdir(dirname(path))
  try {
    await beside(await container({ mode: 'shareable' }), waiting('true'), async (pid) => {
      const isolations = await container({ mode: { join: pid } }, `./${basename(path)}`)
      assert.is((await run(isolations, ['stat', '-c', '%a', '/dev/shm'])).stdout, '1777\n')
    })
  } finally {
    process.chdir(here)
  }
})

rootTest(test, 'whatever the other one puts in the place of its /dev/shm, nothing of the host\'s comes out', async () => {
  const ours = readFileSync(join(await busybox(), 'etc/passwd'), 'utf8')
  assert.is.not(ours, readFileSync('/etc/passwd', 'utf8'))
  for (const link of ['/etc', '../../../../../../../../etc', '/proc/1/root/etc']) {
    await beside(await container({ mode: 'shareable' }), waiting(`umount /dev/shm; rmdir /dev/shm; ln -s ${link} /dev/shm`), async (pid) => {
      const started = inside({ mode: { join: pid } }, 'cat /dev/shm/passwd')
      if (link.startsWith('/proc')) assert.match(await failure(started), /^openat2\(.*"\/dev\/shm".*\): ELOOP/)
      else assert.is((await started).stdout, ours, link)
    })
  }
})

rootTest(test, 'a process that is not there is named, in one line', async () => {
  const pid = 2 ** 22 + 1 // above the largest number that Linux gives
  assert.match(await failure(inside({ mode: { join: pid } }, 'true')), new RegExp(`^openat\\(AT_FDCWD, "/proc/${pid}/ns/ipc".*\\): ENOENT[^\n]*$`))
})

rootTest(test, 'what is masked for the other one stays masked when its /dev/shm leads there', async () => {
  await beside(await container({ mode: 'shareable' }), waiting('umount /dev/shm; rmdir /dev/shm; ln -s /proc /dev/shm'), async (pid) => {
    const { stdout } = await inside({ mode: { join: pid } }, 'test -e /dev/shm/interrupts && echo there; cat /dev/shm/interrupts; grep -c cpu /dev/shm/stat')
    assert.match(stdout, /^there\n[1-9]\d*\n$/)
  })
})

async function failure(started: Promise<Finished>): Promise<string> {
  try {
    const { stdout } = await started
    return `it started, and printed ${stdout}`
  } catch (error) {
    assert.instance(error, StartError)
    return (error as StartError).message
  }
}

/** Words for sh. */
function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll('\'', '\'\\\'\'')}'`).join(' ')
}

test.run()
