// The visible checks of resumed.ts. They judge what the kernel says, not what the answer prints.
import { randomInt } from 'node:crypto'
import { check, Failure, same, type Context, type Exercise } from '@pocker/grader'

interface Reading { readonly secs: number; readonly nanosecs: number }
interface Pair { readonly saved: Reading; readonly here: Reading; readonly expected: string }

/** @throws {Failure} if an offset is not exactly the one expected */
async function compare({ compute, run }: Context, boottime: Pair, monotonic: Pair): Promise<void> {
  const side = (which: 'saved' | 'here') =>
    ({ boottime: { ...boottime[which] }, monotonic: { ...monotonic[which] } })
  const { namespaces, clocks, sandbox } = await run(await compute(side('saved'), side('here')), { needs: 'time' })
  if (namespaces['time'] === sandbox.namespaces['time']) {
    throw new Failure('the container is in the machine\'s time namespace: its clocks jump to the machine\'s')
  }
  for (const [clock, { expected }] of Object.entries({ boottime, monotonic })) {
    const seen = clocks[clock as keyof typeof clocks]
    same(seen, expected, `expected the offset ${expected} for ${clock}, got ${seen}`)
  }
}

/** The saved clock shows more, in seconds and in nanoseconds. */
function ahead(): Pair {
  const [secs, nanosecs] = [randomInt(1000, 50_000), randomInt(1, 400_000_000)]
  const here = { secs: randomInt(1000), nanosecs: randomInt(400_000_000) }
  return { saved: { secs: here.secs + secs, nanosecs: here.nanosecs + nanosecs }, here, expected: `${secs} ${nanosecs}` }
}

/** It shows less, in seconds and in nanoseconds: by so little that it stays above 0 on a machine that has just begun. */
function behind(): Pair {
  const [secs, nanosecs] = [randomInt(1, 3), randomInt(1, 400_000_000)]
  const saved = { secs: randomInt(1000, 50_000), nanosecs: randomInt(400_000_000) }
  const here = { secs: saved.secs + secs, nanosecs: saved.nanosecs + nanosecs }
  return { saved, here, expected: `${-secs - 1} ${1_000_000_000 - nanosecs}` }
}

const both = check({
  id: 'both',
  title: 'both clocks go on where they stopped, each by its own offset',
  points: 2,
  hint: 'a clock shows what the machine\'s shows, and the offset. Which offset makes it show what was saved?',
  lesson: 'the-syscalls',
}, (context) => compare(context, ahead(), ahead()))

const back = check({
  id: 'behind',
  title: 'a clock that stopped before the machine\'s goes back',
  points: 2,
  hint: 'the nanoseconds are never negative: half a second before 0 is -1 s and 500000000 ns',
}, (context) => {
  const pair = behind()
  return compare(context, pair, pair)
})

export const exercise: Exercise = {
  id: '08-time/resumed', title: 'Where it stopped', points: 5, checks: [both, back],
}
