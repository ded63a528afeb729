// Verdicts, selection, and the sandbox as data.
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  check, grade, idMaps, Lacks, lines, report, ROOT, sandbox, select, type Check, type Exercise,
} from '@pocker/grader'
import { AT_FDCWD, CLONE_NEWUTS, sethostname } from '@pocker/syscalls'
import { all, exercise } from './fixtures.ts'

const spec = { title: 'a check', points: 1, hint: 'think' }
const madeOf = (...checks: Check[]) => {
  const made: Exercise = { id: '02-uts/hostname', title: 'made here', points: checks.length, checks }
  return grade({ ...made, chapter: '02-uts', name: 'hostname', hidden: [] }, join(ROOT, 'solutions/02-uts/hostname.ts'))
}

test('a machine that lacks something skips the check, and names it; a fault of the grader is an error', async () => {
  const result = await madeOf(
    check({ ...spec, id: 'lacks' }, () => Promise.reject(new Lacks('no user namespaces'))),
    check({ ...spec, id: 'fault' }, () => Promise.reject(new TypeError('oops'))),
    check({ ...spec, id: 'passes' }, () => Promise.resolve()),
  )
  assert.equal(result.checks.map(({ verdict, message }) => [verdict, message]), [
    ['skip', 'no user namespaces'], ['error', 'oops'], ['pass', undefined],
  ])
  assert.is(result.earned, 1)
  assert.is(result.unjudged, 2)
  assert.is(lines(report([result]), (verdict) => verdict).at(-1), '1 of 3 points, 2 not judged here')
})

test('an answer that is not there is told so', async () => {
  const result = await grade(exercise('02-uts/names'), '/nowhere/names.ts')
  assert.is(result.earned, 0)
  assert.match(result.checks[0]?.message ?? '', 'expected an answer in /nowhere/names.ts, got no such file')
})

test('exercises are chosen by chapter, by folder, and by name', () => {
  const ids = (wanted?: string): string[] => select(all, wanted).map(({ id }) => id)
  assert.equal(ids('02'), ['02-uts/hostname', '02-uts/names'])
  assert.equal(ids('02/names'), ['02-uts/names'])
  assert.equal(ids('02-uts/names'), ['02-uts/names'])
  assert.ok(ids().includes('02-uts/hostname'))
  for (const wanted of ['2/names', 'names', './exercises/02-uts/names.ts', '02-uts/names.ts']) assert.equal(ids(wanted), ['02-uts/names'], wanted)
  assert.equal(ids('2'), ids('02'))
  assert.equal(ids('exercises/02-uts/'), ids('02'))
  assert.throws(() => select(all, '02/nams'), /exercise: expected one of 02-uts\/hostname, 02-uts\/names, got 02\/nams/)
  assert.throws(() => select(all, 'nams'), /exercise: expected a chapter such as 02, or an exercise such as 02\/names, got nams$/)
})

test('the answer\'s steps and flags are inside the last clone3, after all of the grader\'s', () => {
  const step = sethostname('box')
  const descriptors = { stdin: 10, out: 11, gate: 12, foreign: [3, 12, 13] }
  const names = { nodename: 'm', domainname: 'd' }
  const words = { built: 'all there', ready: 'now', made: 'known' }
  const frame = { places: { rootfs: '/r', empty: '/empty' }, names, manyUsers: true, ...descriptors, neighbours: 1, ...words }
  const { list, setup, clone } = sandbox({ name: 'x', flags: CLONE_NEWUTS, child: [step] }, frame)
  assert.equal(list.at(-4), clone)
  assert.is(clone.onZero?.[0], step)
  assert.is(clone.onZero?.at(-1)?.call, 'execve')
  assert.equal(list.filter((call) => !setup.has(call)), [clone])
  assert.equal(list.filter(({ call }) => call === 'close').map(({ args }) => args[0]), [10, 11, 3, 13, 12])
})

test('what is written beside a container is written by PID 1 of the sandbox, while the container waits', () => {
  const words = { built: 'all there', ready: 'now', made: 'known' }
  const pipes = { stdin: 10, out: 11, gate: 12, foreign: [], door: { reader: 20, writer: 21 } }
  const frame = { places: { rootfs: '/r', empty: '/empty' }, names: { nodename: 'm', domainname: 'd' }, manyUsers: true, ...pipes, neighbours: 1, ...words }
  const beside = [{ path: '/proc/{pid}/uid_map', data: '0 5 1' }]
  const { list, clone } = sandbox({ name: 'x', beside }, frame)
  assert.equal(list.slice(list.indexOf(clone) + 1, -3).map(({ call, args }) => [call, args[0], args[1]]), [
    ['openat', AT_FDCWD, '/proc/3/uid_map'], ['write', { resultOf: 'beside 0' }, '0 5 1'],
    ['close', { resultOf: 'beside 0' }, undefined],
    ['prctl', 4, 0], ['write', 21, '.'], ['close', 21, undefined], ['close', 20, undefined],
  ])
  const [first, second, third] = (clone.onZero ?? []).map(({ call, args }) => [call, args[0]])
  assert.equal([first, second, third], [['close', 21], ['read', 20], ['close', 20]])
  assert.throws(() => sandbox({ name: 'x', beside: [{ run: ['touch', '/x'] }] }, frame), /got the program touch/)
})

test('root inside is a stranger outside, where the machine has users to map', () => {
  const maps = (ownMap: string, uid: number, gid: number) => idMaps(ownMap, { uid, gid }).writes.map(({ data }) => data)
  assert.equal(maps('         0          0 4294967295\n', 0, 0), ['0 100000 65536', '0 100000 65536'])
  assert.equal(maps('0 1000 1\n', 0, 0), ['deny', '0 0 1', '0 0 1'])
  assert.equal(maps('0 0 4294967295\n', 1000, 100), ['deny', '0 1000 1', '0 100 1'])
})

test.run()
