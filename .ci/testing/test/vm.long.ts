// The machine with cgroup v2, booted once for all these tests: what it promises inside, and what comes out of it.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testIf } from '@pocker/testing'
import { machine, REPOSITORY, SHARED, type Job, type Outcome } from '../../vm/machine.ts'

interface Run extends Outcome { readonly out: string; readonly err: string }

async function inside(job: Job): Promise<Run> {
  const [out, err] = [new PassThrough(), new PassThrough()]
  const [outcome, ...texts] = await Promise.all([
    machine(job, { out, err }).finally(() => void (out.end(), err.end())), text(out), text(err),
  ])
  return { ...outcome, out: texts[0] ?? '', err: texts[1] ?? '' }
}

const there = ['/usr', '/etc', '/tmp', '/var/lib', REPOSITORY].map((dir) => join(dir, `written-inside-${process.pid}`))
/** Each line is one answer, in the order of the tests below. */
const SCRIPT = `
pwd
findmnt -no FSTYPE /sys/fs/cgroup
cat /sys/fs/cgroup/cgroup.controllers
setpriv --reuid=61234 --regid=61234 --clear-groups unshare --user --map-root-user id -u
ip link show lo | grep -c LOWER_UP
awk '/SwapTotal/ { print ($2 > 0) }' /proc/meminfo
for file in ${there.join(' ')}; do echo inside > $file && cat $file; done | sort | uniq -c | tr -s ' '
mkdir /tmp/a /tmp/b /tmp/c /tmp/d && mount -t overlay -o lowerdir=/tmp/a,upperdir=/tmp/b,workdir=/tmp/c overlay /tmp/d && echo overlay
printf '%s\\n' "$1"
echo shared > ${SHARED}/file
echo complaint > /dev/stderr
sleep 1000 &
exit 7`

const onX64 = (name: string, body: () => Promise<void>): void => testIf(process.arch === 'x64', 'needs x86-64', test, name, body)

onX64('the machine has cgroup v2 only, ordinary users make namespaces, output and exit code come out, and files do not', async () => {
  const before = hostname()
  const shared = mkdtempSync(join(tmpdir(), 'pocker-vm-test-'))
  try {
    const { code, late, out, err } = await inside({ argv: ['sh', '-c', SCRIPT, 'sh', `it's "one" word\\n`], timeout: 300, shared })
    const [cwd, cgroup, controllers = '', ...rest] = out.split('\n')
    assert.equal([cwd, cgroup], [join(REPOSITORY, '.'), 'cgroup2'])
    for (const name of ['cpu', 'memory', 'pids', 'cpuset', 'io']) assert.ok(controllers.split(' ').includes(name), controllers)
    assert.equal(rest, ['0', '1', '1', ` ${there.length} inside`, 'overlay', `it's "one" word\\n`, ''])
    assert.is(err, 'complaint\n')
    assert.equal([code, late], [7, false])
    assert.is(readFileSync(join(shared, 'file'), 'utf8'), 'shared\n')
    assert.equal(there.filter((file) => existsSync(file)), [])
    assert.is(hostname(), before)
  } finally {
    rmSync(shared, { recursive: true })
  }
})

onX64('when the time is up, the machine is stopped, and nothing of it is left', async () => {
  const [dir, before] = [mkdtempSync(join(tmpdir(), 'pocker-vm-test-')), process.env['TMPDIR']]
  try {
    process.env['TMPDIR'] = dir
    const { code, late } = await inside({ argv: ['sleep', '1000'], timeout: 3 })
    assert.equal([code, late], [undefined, true])
    assert.equal(readdirSync(dir), [])
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
    rmSync(dir, { recursive: true })
  }
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ')
  assert.not.ok(children.some((pid) => pid && /qemu/.test(readFileSync(`/proc/${pid}/comm`, 'utf8'))))
})

test.run()
