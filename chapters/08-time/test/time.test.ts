// Clocks, as data and for real. No clock of the machine is set, and clocks are compared by hours and days, for a machine
// may stand still between two looks. Where a test is exact, the kernel says the number, or one look lies between two others.
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ipc } from '@pocker/ipc'
import { DEFAULT_MOUNTS, mounts } from '@pocker/mount'
import { pid } from '@pocker/pid'
import {
  because, CLONE_NEWTIME, encode, machine, namespaces, O_CLOEXEC, O_WRONLY, open, run, StartError, write,
  type Isolation,
} from '@pocker/syscalls'
import { beside, busybox, rootTest, waiting } from '@pocker/testing'
import { checkOffsets, clocks, LATEST, time, type TimeOffsets } from '@pocker/time'

const [HOUR, DAY] = [3600, 86_400]
const secs = (whole: number) => ({ secs: whole, nanosecs: 0 })
const boottime = (whole: number): TimeOffsets => ({ boottime: secs(whole) })
const near = (seen: number, expected: number, what: string): void =>
  assert.ok(Math.abs(seen - expected) < HOUR, `${what}: expected about ${expected}, got ${seen}`)

/** One look lies between two others. A second more on both sides, for /proc/uptime is rounded. */
const between = (seen: number, earliest: number, latest: number): void =>
  assert.ok(seen > earliest - 1 && seen < latest + 1, `expected ${earliest} to ${latest}, got ${seen}`)

const uptime = (text = readFileSync('/proc/uptime', 'utf8')): number => Number(text.split(' ')[0])
const offsetsOf = (number: number | 'self'): string => readFileSync(`/proc/${number}/timens_offsets`, 'utf8').replace(/ +/g, ' ')
const MACHINE = 'monotonic 0 0\nboottime 0 0\n'
/** A link of /proc/PID/ns. */
const ns = (number: number | 'self', type: string): string => readlinkSync(`/proc/${number}/ns/${type}`)

/** What a program is told by its three clocks, in seconds. */
interface Told { readonly boottime: number; readonly monotonic: number; readonly day: number }
const TELL = 'console.log(JSON.stringify({ boottime: os.uptime(), monotonic: process.hrtime()[0], day: Date.now() / 1000 }))'
const told = async (offsets: TimeOffsets): Promise<Told> =>
  JSON.parse((await run([time({ offsets })], [process.execPath, '-e', TELL])).stdout) as Told

/** A script that prints one line when it is ready, and then waits. */
const telling = (script: string): string[] => ['sh', '-c', `${script}; read line`]

async function failure(isolations: readonly Isolation[]): Promise<string> {
  try {
    await run(isolations, ['true'])
  } catch (error) {
    assert.instance(error, StartError)
    return (error as StartError).message
  }
  return 'it started'
}

let before: string
test.before.each(() => { before = ns('self', 'time') })
test.after.each(() => {
  assert.is(ns('self', 'time'), before)
  assert.is(ns('self', 'time_for_children'), before)
})

test('the namespace is made before the clone, and its offsets are written there; no flag, and nothing in the child', () => {
  const offsets: TimeOffsets = { boottime: secs(30 * DAY), monotonic: { secs: -2, nanosecs: 500_000_000 } }
  const { flags, child, before: steps = [] } = time({ offsets })
  assert.is(flags, undefined)
  assert.is(child, undefined)
  assert.equal(steps.map(({ call }) => call), ['prctl', 'unshare', 'openat', 'write', 'close'])
  assert.equal(steps[1]?.args, [CLONE_NEWTIME])
  assert.is(steps[3]?.args[1], 'boottime 2592000 0\nmonotonic -2 500000000\n')
  assert.ok(encode(steps, machine()))
})

test('without an offset there is no namespace; an offset of 0 makes one', () => {
  assert.equal(time({ offsets: {} }), { name: 'time' })
  assert.is(time({ offsets: boottime(0) }).before?.[3]?.args[1], 'boottime 0 0\n')
})

test('what is no offset is refused, with the clock and the numbers', () => {
  for (const [whole, nanosecs] of [[1.5, 0], [NaN, 0], [LATEST + 1, 0], [-LATEST - 1, 0], [0, -1], [0, 1e9], [0, 0.5]] as const) {
    const expected = `whole seconds up to ${LATEST}, and 0 to 999999999 nanoseconds`
    const message = `timeOffsets.monotonic: expected ${expected}, got ${whole} and ${nanosecs}`
    const offsets = { monotonic: { secs: whole, nanosecs } }
    assert.throws(() => time({ offsets }), (error: Error) => error.message === message, message)
  }
})

test('there is no clock for the time of day', () => {
  const offsets = { realtime: secs(1) } as TimeOffsets
  assert.throws(() => time({ offsets }), /^timeOffsets: expected boottime or monotonic, got realtime$/)
})

test('a clock that would leave its range is refused in one line, with what it shows', () => {
  const now = { boottime: 100.5, monotonic: 50 }
  const good: readonly TimeOffsets[] = [{}, boottime(-100), boottime(LATEST - 101), { monotonic: { secs: -50, nanosecs: 1 } }]
  for (const offsets of good) checkOffsets(offsets, now)
  const range = `expected a clock that stays between 0 and ${LATEST} s`
  for (const [offsets, message] of [
    [boottime(-101), `--boottime: ${range}, got -101 s where it shows 100 s`],
    [boottime(LATEST), `--boottime: ${range}, got ${LATEST} s where it shows 100 s`],
    [{ monotonic: { secs: -52, nanosecs: 500_000_000 } }, `--monotonic: ${range}, got -51.5 s where it shows 50 s`],
    [{ boottime: secs(1), monotonic: secs(-DAY) }, `--monotonic: ${range}, got -86400 s where it shows 50 s`],
  ] as const) {
    assert.throws(() => checkOffsets(offsets, now), (error: Error) => error.message === message, message)
  }
})

test('this process\'s own clocks are read in seconds', () => {
  const first = process.hrtime()[0]
  const { boottime: boot, monotonic } = clocks('12528.95 21325.73\n')
  assert.is(boot, 12528.95)
  assert.ok(monotonic >= first && monotonic <= process.hrtime()[0] + 1)
})

rootTest(test, 'each clock is shifted by its own offset, and the time of day is the machine\'s', async () => {
  const here = await told({})
  const inside = await told({ boottime: secs(30 * DAY), monotonic: secs(400 * DAY) })
  near(inside.boottime, here.boottime + 30 * DAY, 'boottime')
  near(inside.monotonic, here.monotonic + 400 * DAY, 'monotonic')
  near(inside.day, here.day, 'the time of day')
})

rootTest(test, 'a clock that is not named is the machine\'s', async () => {
  const here = await told({})
  const inside = await told(boottime(30 * DAY))
  near(inside.boottime, here.boottime + 30 * DAY, 'boottime')
  near(inside.monotonic, here.monotonic, 'monotonic')
})

rootTest(test, 'the kernel knows the offsets to the nanosecond, and tells them from outside', async () => {
  const offsets: TimeOffsets = { monotonic: { secs: 400, nanosecs: 1 }, boottime: { secs: -2, nanosecs: 500_000_000 } }
  await beside([time({ offsets })], waiting('true'), (number) => {
    assert.is(offsetsOf(number), 'monotonic 400 1\nboottime -2 500000000\n')
    assert.is.not(ns(number, 'time'), ns('self', 'time'))
    assert.is(ns(number, 'time_for_children'), ns(number, 'time'))
    assert.is(offsetsOf('self'), MACHINE)
  })
  assert.is(offsetsOf('self'), MACHINE)
})

rootTest(test, 'with a root of its own, uptime and /proc/uptime show it', async () => {
  const root = mounts({ root: { path: await busybox() }, mounts: DEFAULT_MOUNTS })
  const container = [time({ offsets: boottime(30 * DAY) }), pid({ mode: 'private' }), ipc({ mode: 'private' }), root]
  const earliest = uptime() + 30 * DAY
  const { stdout } = await run(container, ['sh', '-c', 'cat /proc/uptime; uptime'])
  const [file = '', program = ''] = stdout.split('\n')
  between(uptime(file), earliest, uptime() + 30 * DAY)
  const days = Number(/ up (\d+) days/.exec(program)?.[1])
  assert.ok([0, 1].includes(days - Math.floor(earliest / DAY)), program) // a day may have ended meanwhile
})

rootTest(test, 'a clock goes back as far as its beginning', async () => {
  const half = Math.floor(uptime() / 2)
  const earliest = uptime() - half
  const inside = uptime((await run([time({ offsets: boottime(-half) })], ['cat', '/proc/uptime'])).stdout)
  between(inside, earliest, uptime() - half)
})

rootTest(test, 'what checkOffsets refuses, the kernel refuses as well: ERANGE', async () => {
  const now = clocks(readFileSync('/proc/uptime', 'utf8'))
  for (const whole of [-Math.ceil(now.boottime) - HOUR, LATEST]) {
    assert.throws(() => checkOffsets(boottime(whole), now), /^--boottime: expected a clock that stays between [^\n]*$/)
    const message = await failure([time({ offsets: boottime(whole) })])
    assert.match(message, new RegExp(`^write\\(<offsets>, "boottime ${whole} 0\\\\n", \\d+\\): ERANGE [^\n]*$`))
  }
})

rootTest(test, 'without an offset the clocks and the namespace are the machine\'s', async () => {
  const { stdout } = await run([time({ offsets: {} })], ['sh', '-c', 'readlink /proc/self/ns/time; cat /proc/self/timens_offsets'])
  assert.is(stdout.replace(/ +/g, ' '), `${ns('self', 'time')}\n${MACHINE}`)
})

rootTest(test, 'what the container starts has its clocks', async () => {
  const script = 'readlink /proc/self/ns/time; sh -c "readlink /proc/self/ns/time; cat /proc/self/timens_offsets & wait"'
  const { stdout } = await run([time({ offsets: boottime(30 * DAY) })], ['sh', '-c', script])
  const [first = '', second = '', ...offsets] = stdout.split('\n')
  assert.is(first, second)
  assert.is.not(first, ns('self', 'time'))
  assert.is(offsets.join('\n').replace(/ +/g, ' '), `monotonic 0 0\nboottime ${30 * DAY} 0\n`)
})

rootTest(test, 'two containers at once have clocks of their own', async () => {
  const cat = 'cat /proc/uptime'
  await beside([time({ offsets: boottime(30 * DAY) })], telling(cat), (one, first) =>
    beside([time({ offsets: boottime(400 * DAY) })], telling(cat), (two, second) => {
      near(uptime(first), uptime() + 30 * DAY, 'the first')
      near(uptime(second), uptime() + 400 * DAY, 'the second')
      assert.is(new Set([one, two, 'self' as const].map((number) => ns(number, 'time'))).size, 3)
    }))
})

rootTest(test, 'the process between does not enter the namespace: it is for its child', async () => {
  await beside([time({ offsets: boottime(30 * DAY) })], waiting('true'), (number) => {
    const parent = Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${number}/status`, 'utf8'))?.[1])
    assert.is.not(parent, process.pid)
    assert.is(ns(parent, 'time'), ns('self', 'time'))
    assert.is(ns(parent, 'time_for_children'), ns(number, 'time'))
  })
})

rootTest(test, 'once somebody is born into it, the offsets are frozen, for himself and for root outside', async () => {
  const again: Isolation = {
    name: 'again',
    child: [
      { ...open('/proc/self/timens_offsets', O_WRONLY | O_CLOEXEC), as: 'mine' },
      because('too late', write({ resultOf: 'mine' }, 'boottime 7 0\n')),
    ],
  }
  assert.match(await failure([time({ offsets: boottime(DAY) }), again]), /^write\(<mine>, "boottime 7 0\\n", 13\): EACCES /)
  await beside([time({ offsets: boottime(DAY) })], waiting('true'), (number) => {
    assert.throws(() => writeFileSync(`/proc/${number}/timens_offsets`, 'boottime 7 0\n'), /EACCES/)
    assert.is(offsetsOf(number), `monotonic 0 0\nboottime ${DAY} 0\n`)
  })
})

rootTest(test, 'it changes no other namespace', async () => {
  await beside([time({ offsets: boottime(DAY) })], waiting('true'), (number) => {
    const [theirs, ours] = [namespaces(number), namespaces('self')]
    assert.equal(Object.keys(ours).filter((type) => theirs[type] !== ours[type]), ['time'])
  })
})

test.run()
