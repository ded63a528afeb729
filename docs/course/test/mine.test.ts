// `pocker run --mine`: a student's answers make the container, with his terminal; what is wrong with them stays in the sandbox.
import { spawnSync } from 'node:child_process'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asUser, rootTest, USER } from '@pocker/testing'
import { REPOSITORY } from '../src/chapters.ts'
import { smallCourse, solution, Terminal, type SmallCourse } from './tmux.ts'

const POCKER = join(REPOSITORY, 'pocker/bin/pocker.mjs')
const IDS = [
  '02-uts/names', '03-pid/processes', '04-mount/pivot', '05-ipc/separate', '07-net/network', '08-time/shifted', '12-privileges/become',
  '12-privileges/powerless',
] as const
let small: SmallCourse
test.before(() => {
  small = smallCourse(IDS)
  for (const id of IDS) small.save(id, solution(id))
  passed(IDS)
})
test.after(() => small.remove())

/** The progress file, as if these had passed. */
const passed = (ids: readonly string[]): void => writeFileSync(join(small.root, '.course.json'), JSON.stringify({
  exercises: Object.fromEntries(ids.map((id) => [id, { earned: 1, points: 1, passed: true, hints: 0 }])),
}))
const env = (): NodeJS.ProcessEnv => ({ ...process.env, NO_COLOR: '1', POCKER_COURSE: small.root })
const mine = (...words: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [POCKER, 'run', '--rm', '--mine', ...words], { encoding: 'utf8', env: env(), input: '' })
  return { status, stdout, stderr }
}
const yours = (...ids: string[]): string => `pocker: yours: ${ids.join(', ') || 'nothing yet'}; the rest is ours\n`

rootTest(test, 'every part that has been solved is the student\'s', () => {
  const { status, stdout, stderr } = mine('-h', 'box', 'busybox', 'sh', '-c', 'hostname; echo $$; ls /proc/1/exe; tail -n +3 /proc/net/dev | cut -d: -f1; ls; exit 7')
  assert.is(stderr.split('\n').at(-2), yours(
    '02-uts/names', '03-pid/processes', '04-mount/pivot', '05-ipc/separate', '07-net/network', '12-privileges/powerless').trim())
  assert.is(status, 7)
  assert.equal(stdout.split(/\s+/), ['box', '1', '/proc/1/exe', 'lo', 'bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'tmp', 'usr', 'var', ''])
})

rootTest(test, 'another user, and another clock', () => {
  const { status, stdout } = mine('-u', '1000:1001', '--boottime', '+1000d', 'busybox', 'sh', '-c', 'id -u; id -g; cut -d. -f1 /proc/uptime; grep NoNewPrivs /proc/self/status')
  const [uid, gid, up, noNew] = stdout.trim().split('\n')
  assert.equal([status, uid, gid, noNew], [0, '1000', '1001', 'NoNewPrivs:\t1'])
  assert.ok(Number(up) > 1000 * 86_400)
})

rootTest(test, 'a plan that is wrong changes a machine that is none', () => {
  const before = hostname()
  small.save('02-uts/names', solution('02-uts/names').replace('flags: CLONE_NEWUTS', 'flags: 0n'))
  const { status, stdout } = mine('-h', 'renamed', 'busybox', 'hostname')
  assert.equal([status, stdout, hostname()], [0, 'renamed\n', before])
  small.save('02-uts/names', solution('02-uts/names').replace('[sethostname(hostname)]', "[{ call: 'sethostname', args: [hostname, 65] }]"))
  const refused = mine('-h', 'box', 'busybox', 'hostname')
  assert.is(refused.status, 125)
  assert.is(refused.stderr.split('\n').at(-2), 'pocker: sethostname("box", 65): EINVAL (invalid argument)')
  small.save('02-uts/names', 'export const names = () => 4\n')
  assert.match(mine('busybox', 'true').stderr, /\npocker: --mine: names\(\) returned no isolation\n$|^pocker: --mine: names\(\) returned no isolation\n$/)
  small.save('02-uts/names', solution('02-uts/names'))
})

rootTest(test, 'without anything solved all is ours; what the sandbox lacks is refused, by name', () => {
  passed([])
  assert.equal(mine('busybox', 'echo', 'hi'), { status: 0, stdout: 'hi\n', stderr: yours() })
  passed(IDS)
  const refused = 'the sandbox of --mine has none of this machine\'s files, containers and control groups; leave it out\n'
  for (const [flag, value] of [['--memory', '64m'], ['--volume', '/tmp:/x'], ['--pid', 'container:1'], ['--cpuset-cpus', '0']] as const) {
    assert.equal(mine(flag, value, 'busybox', 'true'), { status: 125, stdout: '', stderr: `pocker: ${flag}: ${refused}` })
  }
})

rootTest(test, 'an ordinary user', () => {
  small.give(USER)
  const { status, stdout, stderr } = asUser([process.execPath, POCKER, 'run', '--rm', '--mine', 'busybox', 'id', '-u'], { subordinate: true, env: { POCKER_COURSE: small.root } })
  assert.equal([status, stdout], [0, '0\n'], stderr)
})

rootTest(test, 'a shell in a terminal: Ctrl-C reaches what runs in it, and its end is ours', async () => {
  const terminal = new Terminal(`${process.execPath} ${POCKER} run --rm --mine -h box busybox sh`, { POCKER_COURSE: small.root })
  try {
    await terminal.until(/\/ #/)
    terminal.keys('trap "echo caught; exit 9" INT; echo re"ady"; while :; do :; done', 'Enter')
    await terminal.until(/^ready$/m)
    terminal.keys('C-c')
    await terminal.until(/caught$/m)
    await terminal.until(/^shell: 9$/m)
  } finally {
    terminal.close()
  }
})

test.run()
