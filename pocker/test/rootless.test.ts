// Containers of an ordinary user.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asUser, rootTest, USER, type Person } from '@pocker/testing'

const bin = fileURLToPath(new URL('../bin/pocker.mjs', import.meta.url))
const pocker = (args: readonly string[], person: Partial<Person> = {}, inspect?: (home: string) => void) =>
  asUser([process.execPath, bin, ...args], { subordinate: true, ...person }, inspect)

rootTest(test, 'an ordinary user is root inside and himself outside, with a root file system of his own', () => {
  const script = 'id -u; hostname; cat /proc/self/uid_map; touch /mine /v/mine /v/five && chown 5:7 /v/five && echo made; ls /proc/1/exe'
  let owners: number[][] = []
  const inspect = (home: string): void => {
    owners = ['.local/share/pocker/rootfs/busybox/mine', 'v/mine', 'v/five'].map((path) => statSync(join(home, path)))
      .map(({ uid, gid }) => [uid, gid])
  }
  const shell = `exec ${process.execPath} ${bin} run --rm -h box -v "$HOME/v:/v" busybox sh -c '${script}'`
  const { status, stdout, stderr } = asUser(['sh', '-c', shell], { subordinate: true }, inspect)
  assert.match(stderr, /^pocker: busybox: not here yet, .*\n$/)
  assert.is(status, 0)
  const [id, name, own, ranges, ...rest] = stdout.trim().split('\n').map((line) => line.trim().split(/\s+/).join(' '))
  assert.equal([id, name], ['0', 'box'])
  assert.equal([own, ranges], [`0 ${USER.uid} 1`, `1 ${USER.subordinate.start} ${USER.subordinate.size}`])
  assert.equal(rest, ['made', '/proc/1/exe'])
  assert.equal(owners, [[USER.uid, USER.gid], [USER.uid, USER.gid], [USER.subordinate.start + 4, USER.subordinate.start + 6]])
})

rootTest(test, 'without a line in /etc/subuid only root exists inside; that is said, with the remedy', () => {
  const { status, stdout, stderr } = pocker(['run', 'busybox', 'sh', '-c', 'id -u; cat /proc/self/uid_map; chown 5 /tmp'], { subordinate: false })
  assert.match(stdout, new RegExp(`^0\\n +0 +${USER.uid} +1\\n$`))
  const said = /^pocker: only one user exists inside, root: \/etc\/subuid and \/etc\/subgid have no ids for pocker-student; try: usermod --add-subuids \d+-\d+ /
  assert.match(stderr, said)
  assert.match(stderr, /chown: \/tmp: Invalid argument\n$/)
  assert.is(status, 1)
})

rootTest(test, 'what an ordinary user cannot have is refused in one line', () => {
  const cases: readonly [string[], RegExp][] = [
    [['--pid', 'container:1'], /^pocker: --pid: expected root to join a container, got an ordinary user\n$/],
    [['--ipc', 'container:1'], /^pocker: --ipc: expected root to join a container/],
    [['--network', 'container:1'], /^pocker: --network: expected root to join a container/],
    [['--boottime', '+1d'], /^pocker: --boottime: expected root to shift a clock/],
    [['--userns', 'host'], /^pocker: --userns: expected root for host, got an ordinary user; leave it out\n$/],
    [['--uidmap', '0:0:1'], /^pocker: newuidmap \d+ 0 0 1: .*not allowed/],
  ]
  for (const [flags, message] of cases) {
    const { status, stderr } = pocker(['run', ...flags, '/', 'true'])
    assert.match(stderr, message)
    assert.is(status, 125)
  }
})

rootTest(test, 'the namespaces of the host can be shared where that needs no power over them', () => {
  const script = 'ls -d /proc/1 /sys/class/net/lo; id -u; touch /sys/x 2>/dev/null || echo read-only'
  const { status, stdout, stderr } = pocker(['run', '--network', 'host', '--pid', 'host', '--ipc', 'host', 'busybox', 'sh', '-c', script])
  assert.equal([status, stdout], [0, '/proc/1\n/sys/class/net/lo\n0\nread-only\n'], stderr)
})

rootTest(test, 'step and explain work for him as well', () => {
  const step = pocker(['step', '--json', 'run', 'busybox', 'true'])
  assert.is(step.status, 0, step.stderr)
  const steps = step.stdout.trim().split('\n').map((line) => JSON.parse(line) as { call: string; by: string })
  assert.ok(steps.some(({ call, by }) => call === 'setresuid' && by === 'user'))
  const { stdout } = pocker(['explain', 'run', 'busybox', 'true'], {}, (home) => assert.not.ok(existsSync(join(home, '.local'))))
  assert.match(stdout, new RegExp(`newuidmap \\{pid\\} 0 ${USER.uid} 1 1 ${USER.subordinate.start} ${USER.subordinate.size} `))
})

rootTest(test, 'what doctor looks at, no other command reads', () => {
  const { stderr } = spawnSync('strace', ['-f', '-e', 'trace=openat', process.execPath, bin, '--version'], { encoding: 'utf8' })
  assert.match(stderr, /pocker\.mjs/)
  assert.not.match(stderr, /\/etc\/subuid/)
})

rootTest(test, 'doctor says what he can have', () => {
  const rich = pocker(['doctor'])
  assert.is(rich.status, 0)
  assert.match(rich.stdout, new RegExp(`– root: this is user ${USER.uid}; without it, each container is made in a user namespace`))
  assert.match(rich.stdout, /✓ CLONE_NEWUSER: yes/)
  const poor = pocker(['doctor'], { subordinate: false })
  assert.match(poor.stdout, /– containers without root: \/etc\/subuid and \/etc\/subgid have no ids for pocker-student; as root: usermod /)
})

test.run()
