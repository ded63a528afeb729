// The hidden checks of chapter 08.
import { randomInt } from 'node:crypto'
import { check, Failure, same, type HiddenChecks } from '@pocker/grader'

const refuses = check({
  id: 'refuses',
  title: 'what is no whole number of seconds is refused, with the value',
  points: 1,
  hint: 'Number.isSafeInteger tells whether it is a whole number that is exact; 1.5 is none, and neither is 1e300',
}, async ({ refusal }) => {
  for (const wrong of [1.5, 1e300]) {
    const expected = `secs: expected whole seconds, got ${wrong}`
    const { message } = await refusal(wrong)
    same(message, expected, `expected the error "${expected}", got "${message}"`)
  }
})

const closed = check({
  id: 'closed',
  title: 'the process in between does not keep the file open',
  points: 1,
  hint: 'when the offsets are written, nobody needs the descriptor: close it',
}, async ({ compute, run }) => {
  const { namespaces, sandbox } = await run(await compute(randomInt(1000)), { needs: 'time' })
  if (namespaces['time'] === sandbox.namespaces['time']) throw new Failure('no time namespace, so nothing to open')
  const open = sandbox.open.join(', ')
  if (open) throw new Failure(`the process in between still has ${open} open`, { expected: 'nothing', seen: open })
})

/** Thirty years. Counted in nanoseconds, they have more digits than a number of JavaScript. */
const YEARS = 1_000_000_000
const SECOND = 1_000_000_000

/** One that no sum of seconds and fraction can hold. */
function long(): { secs: number; nanosecs: number } {
  const [secs, nanosecs] = [randomInt(YEARS, 2 * YEARS), randomInt(1, SECOND / 2)]
  const held = Math.round((secs + nanosecs / SECOND - secs) * SECOND)
  return held === nanosecs ? long() : { secs, nanosecs }
}

const exact = check({
  id: 'exact',
  title: 'after thirty years no nanosecond is lost',
  points: 1,
  hint: 'secs + nanosecs / 1e9 has more digits than a number holds. Is there a way without such a sum?',
}, async ({ compute, run }) => {
  const { secs, nanosecs } = long()
  const here = { secs: randomInt(1000), nanosecs: randomInt(400_000_000) }
  const saved = { secs: here.secs + secs, nanosecs: here.nanosecs + nanosecs }
  const isolation = await compute({ boottime: saved, monotonic: saved }, { boottime: here, monotonic: here })
  const { clocks } = await run(isolation, { needs: 'time' })
  const [expected, seen] = [`${secs} ${nanosecs}`, clocks.boottime]
  same(seen, expected, `expected the offset ${expected} for boottime, got ${seen}`)
})

export const hidden: HiddenChecks = { shifted: [refuses, closed], resumed: [exact] }
