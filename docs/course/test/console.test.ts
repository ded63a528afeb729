// The console blocks of lessons, run for real in their container; and what a wrong line makes of them.
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rootTest } from '@pocker/testing'
import { REPOSITORY } from '../src/chapters.ts'
import { formatFailure, LIMITS, runLesson, type BlockRun, type Limits } from '../src/console.ts'
import { eachBlock, parseLesson, type Needs } from '../src/lesson.ts'
import { transcript } from '../src/transcript.ts'

/** One console block for each list of lines. */
const lesson = (needs: Needs, ...blocks: string[][]): string =>
  ['---', 'title: t', 'minutes: 1', 'objectives: [o]', `needs: ${needs}`, '---',
    ...blocks.flatMap((lines) => ['```console', ...lines, '```'])].join('\n')

async function runText(text: string, limits: Limits = LIMITS): Promise<BlockRun[]> {
  const runs: BlockRun[] = []
  for await (const run of runLesson(parseLesson('a', text), { repository: REPOSITORY, limits })) runs.push(run)
  return runs
}
const failuresOf = (runs: readonly BlockRun[]): string[] =>
  runs.flatMap(({ failures }) => failures.map((failure) => formatFailure('a', failure)))
const passes = async (text: string): Promise<void> => assert.equal(failuresOf(await runText(text)), [])

const token = randomBytes(8).toString('hex')

const FIXTURE = lesson('root', [
  '# hostname inside; hostname',
  'inside',
  '# cat <<EOF',
  '> one',
  '> two',
  '> three',
  '> EOF',
  'one',
  '…',
  'three',
  '# echo out; echo error >&2; echo out; false',
  'out',
  'error',
  'out',
  '# echo $?',
  '1',
], [
  '# cd /etc; name=value',
], [
  '# pwd; echo $name; hostname; id -u',
  '/etc',
  'value',
  'inside',
  '0',
  '# printf x | sha256sum',
  '<id>  -',
  '# nothing_of_that_name',
  'bash: …: command not found',
])

rootTest(test, 'a lesson runs from beginning to end in one container and one shell', () => passes(FIXTURE))

const EXPECTED = eachBlock(parseLesson('a', FIXTURE), 'console')
  .flatMap((block) => transcript('a', block)).flatMap(({ expected }) => expected)
for (const { line, text } of EXPECTED) {
  rootTest(test, `a change of line ${line}, ${text}, makes its block fail, and no other`, async () => {
    const altered = FIXTURE.split('\n').map((old, i) => (i + 1 === line ? `${old} altered` : old)).join('\n')
    const found = await runText(altered)
    const failed = found.filter(({ failures }) => failures.length > 0)
    const places = failed.map(({ failures }) => failures.map(({ mismatch }) => [mismatch.line, mismatch.expected]))
    assert.equal(places, [[[line, `${text} altered`]]])
    assert.ok((failed[0]?.block.line ?? 0) < line)
  })
}

rootTest(test, 'a mismatch is told with its place, both lines, the command and a diff', async () => {
  assert.equal(failuresOf(await runText(lesson('root', ['# echo a; echo b', 'a', 'B']))), [
    'a:10: expected B, got b\n  $ echo a; echo b\n  - B\n  + b',
  ])
})

rootTest(test, 'the host name, the mounts and the files of the machine stay as they are', async () => {
  const [name, mounts] = [hostname(), readFileSync('/proc/self/mounts', 'utf8')]
  const places = [`/etc/${token}`, `/tmp/${token}`, `/run/${token}`, `/dev/shm/${token}`, `${REPOSITORY}/${token}`]
  await passes(lesson('root', [
    `# hostname ${token}; mount -t tmpfs ${token} /mnt; rm /etc/hostname`,
    `# for file in ${places.join(' ')}; do echo x >$file; cat $file; done | sort | uniq -c`,
    `      ${places.length} x`,
    `# touch /dev/${token}`,
    'touch: …: Read-only file system',
  ]))
  assert.is(hostname(), name)
  assert.is(readFileSync('/proc/self/mounts', 'utf8'), mounts)
  assert.equal([...places, `/dev/${token}`].filter((file) => existsSync(file)), [])
})

rootTest(test, 'PID 1 is the shell, and what a command leaves running ends with the lesson', async () => {
  await passes(lesson('root', ['# echo $$; (exec -a sleeping-$token sleep 1000 &)'.replace('$token', token), '1']))
  assert.equal(processesWith(`sleeping-${token}`), [])
})

for (const needs of ['none', 'userns'] as const) {
  rootTest(test, `a lesson that needs ${needs} runs as an ordinary user`, () => passes(lesson(needs, [
    '$ id -u; id -G; echo $HOME; touch $HOME/x; touch /etc/x; hostname x',
    '65534', '65534', '/tmp', 'touch: …: Permission denied', 'hostname: …',
    '$ grep -h NoNewPrivs /proc/self/status', 'NoNewPrivs:…0',
  ])))
}

rootTest(test, 'the environment is the lesson\'s own', () => passes(lesson('root', [
  '# env | cut -d = -f 1 | sort | xargs',
  'HOME LANG NODE_NO_WARNINGS NO_COLOR PATH PS1 PWD SHLVL TERM _ npm_config_loglevel npm_config_update_notifier',
])))

rootTest(test, 'a command reads an empty input and holds no descriptor but three', () => passes(lesson('root', [
  '# cat; ls /proc/self/fd | xargs', '0 1 2 3', // 3 is the directory that ls reads
])))

rootTest(test, 'npx runs the programs of the repository', () => passes(lesson('none', [
  '$ npx tsx chapters/00-syscalls/pocker.ts run echo hello', 'hello',
])))

rootTest(test, 'a death by a signal, a job and a syntax error look as in a terminal', () => passes(lesson('root', [
  '# sh -c \'kill -SEGV $$\'', 'Segmentation fault',
  '# sleep 1000 &', '[1] …',
  '# if then', 'bash: syntax error near unexpected token `then\'',
])))

rootTest(test, 'the mark cannot be imitated by what the shell shows of itself', () => passes(lesson('root', [
  '# set | grep -c _course_status; ps ax | grep -c bash; tr "\\0" " " </proc/1/cmdline | wc -l', '…', '0',
])))

const SHORT = { command: 300, lesson: 60_000 }

rootTest(test, 'a command that hangs is reported with what it wrote, and nothing is left running', async () => {
  const command = `echo before; (exec -a ${token} sleep 1000)`
  const runs = await runText(lesson('root', [`# ${command}`, 'before'], ['# echo never', 'never']), SHORT)
  assert.equal(failuresOf(runs), [[
    'a:8: expected the command to end, and the next ones to run, got no end within 0.3 s',
    `  $ ${command}`, '  - before', '  + before',
  ].join('\n')])
  assert.is(runs.length, 1)
  assert.equal(processesWith(token), [])
})

rootTest(test, 'the limit of the lesson holds for all of its commands together', async () => {
  const runs = await runText(lesson('root', ['# sleep 0.2', '# sleep 1000']), { command: 60_000, lesson: 700 })
  const [failure] = failuresOf(runs)
  assert.match(failure ?? '', /^a:9: .* got no end within 0\.\d+ s/)
})

rootTest(test, 'endless output is reported before it fills the memory', async () => {
  const [failure] = failuresOf(await runText(lesson('root', ['# yes'])))
  assert.match(failure ?? '', /^a:8: .* got more than 1048576 bytes of output/)
})

rootTest(test, 'a command that ends the shell is reported', async () => {
  const [failure] = failuresOf(await runText(lesson('root', ['# exit 3', '# echo never'])))
  assert.match(failure ?? '', /^a:8: .* got the shell ended \(exit status 3\)/)
})

rootTest(test, 'a caller that stops in the middle leaves nothing running', async () => {
  const text = lesson('root', [`# (exec -a ${token} sleep 1000 &)`], ['# true'])
  for await (const run of runLesson(parseLesson('a', text), { repository: REPOSITORY })) {
    assert.is(run.failures.length, 0)
    await appears(token) // bash does not wait until its child has executed the program
    break
  }
  assert.equal(processesWith(token), [])
})

/** Waits until there is such a process. @throws {Error} after ten seconds */
async function appears(text: string): Promise<void> {
  const deadline = Date.now() + 10_000
  while (processesWith(text).length === 0) {
    if (Date.now() > deadline) throw new Error(`expected a process ${text} within 10 s, got none`)
    await setTimeout(5)
  }
}

/** @returns the numbers of the machine's processes whose arguments hold the text */
function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(text)
    } catch {
      return false // it has ended
    }
  })
}

test.run()
