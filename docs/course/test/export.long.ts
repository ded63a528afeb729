// The Gradescope image, as Gradescope makes it: setup.sh in a bare Debian, then run_autograder where nothing is allowed.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testIf } from '@pocker/testing'
import { COURSE, solution } from './tmux.ts'

const able = process.geteuid?.() === 0 && spawnSync('debootstrap', ['--version']).status === 0
interface Results { readonly output: string; readonly tests: { name: string; output?: string; score?: number; max_score?: number }[] }
const run = (command: string, ...args: string[]) => spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 })

testIf(able, 'needs root and debootstrap', test, 'a submission is graded in a bare Debian without privileges, and what was not judged is said', () => {
  const dir = mkdtempSync(join(tmpdir(), 'course-gradescope-'))
  const root = join(dir, 'debian')
  try {
    assert.is(run(process.execPath, COURSE, 'export', '--gradescope', join(dir, 'autograder.zip')).status, 0)
    const made = run('debootstrap', '--variant=minbase', '--include=busybox-static,libstdc++6', 'bookworm', root)
    assert.is(made.status, 0, made.stdout + made.stderr)
    const source = join(root, 'autograder/source')
    for (const name of ['source', 'submission', 'results']) mkdirSync(join(root, 'autograder', name), { recursive: true })
    assert.is(run('python3', '-c', 'import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nz.extractall(sys.argv[2])', join(dir, 'autograder.zip'), source).status, 0)
    // Debian 12 has node 18; the machine's own stands for the one that setup.sh would fetch.
    cpSync(process.execPath, join(root, 'usr/local/bin/node'))
    // Gradescope's container: root by name, no capability, no user namespace, no network; the image's own files.
    const inside = (script: string) => run('unshare', '--mount', '--pid', '--net', '--fork', '--user', '--map-root-user', 'sh', '-c',
      `mount --rbind /proc ${root}/proc && mount --rbind /dev ${root}/dev && echo 0 > /proc/sys/user/max_user_namespaces
      exec chroot ${root} /usr/bin/setpriv --bounding-set=-all --inh-caps=-all sh -c "$0"`, script)
    const set = inside('sh /autograder/source/setup.sh')
    assert.is(set.status, 0, set.stdout + set.stderr)
    cpSync(join(source, 'run_autograder'), join(root, 'autograder/run_autograder'))
    const grade = (answer: string): Results => {
      writeFileSync(join(root, 'autograder/submission/names.ts'), answer)
      const graded = inside('sh /autograder/run_autograder')
      assert.is(graded.status, 0, graded.stdout + graded.stderr)
      return JSON.parse(readFileSync(join(root, 'autograder/results/results.json'), 'utf8')) as Results
    }
    const about = ({ tests }: Results, title: string) => tests.find(({ name }) => name === `02-uts/names: ${title}`)
    const right = grade(solution('02-uts/names'))
    assert.match(right.output, /could not be judged, through no fault of this submission/)
    const refused = 'more than 64 bytes are refused, with the number of bytes'
    assert.equal([about(right, refused)?.score, about(right, refused)?.max_score], [1, 1])
    assert.match(about(right, 'a host name is set, every character of it')?.output ?? '', /can make no/)
    assert.is(about(right, 'a host name is set, every character of it')?.max_score, undefined, 'it costs nothing')
    const wrong = grade(solution('02-uts/names').replace('if (bytes > MOST) throw', 'if (bytes > 2 * MOST) throw'))
    assert.equal([about(wrong, refused)?.score, about(wrong, refused)?.max_score], [0, 1])
    assert.match(about(wrong, refused)?.output ?? '', /accepted what it must refuse/)
    // Without CAP_SETUID, it is the grader's own user: it can end the grader, and gets nothing for that.
    const hostile = grade("process.kill(process.ppid, 'SIGKILL')\nexport const names = () => ({})")
    assert.equal(hostile, { output: 'The grader ended with exit code 137, and nothing was judged.' })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

test('the zip is within what Gradescope takes', () => {
  const dir = mkdtempSync(join(tmpdir(), 'course-gradescope-'))
  try {
    const file = join(dir, 'autograder.zip')
    assert.is(run(process.execPath, COURSE, 'export', '--gradescope', file).status, 0)
    assert.ok(existsSync(file) && readFileSync(file).length < 100 * 1024 * 1024)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test.run()
