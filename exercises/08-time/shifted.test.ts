// The visible checks of shifted.ts. They judge what the kernel says, not what the answer prints.
import { check, Failure, same, type Exercise } from '@pocker/grader'

/** A day to a year. */
const some = (): number => 86_400 + Math.floor(Math.random() * 364 * 86_400)
const MISSING = 'the container is in the machine\'s time namespace: it has no clocks of its own'

const boot = check({
  id: 'boot',
  title: 'the boot clock is shifted by the seconds that were asked for',
  points: 2,
  hint: 'unshare(CLONE_NEWTIME) makes a namespace for the children to come. Which list runs before they come, and what does it write?',
  lesson: 'the-syscalls',
}, async ({ compute, run }) => {
  for (const secs of [some(), some(), -3]) {
    const { namespaces, clocks, sandbox } = await run(await compute(secs), { needs: 'time' })
    if (namespaces['time'] === sandbox.namespaces['time']) throw new Failure(MISSING)
    same(clocks.boottime, `${secs} 0`, `expected a boot clock shifted by ${secs} 0, got ${clocks.boottime}`)
  }
})

const monotonic = check({
  id: 'monotonic',
  title: 'the monotonic clock is where the machine\'s is',
  points: 1,
  hint: 'each line of the file is for one clock. Who is not named keeps its offset',
  lesson: 'the-syscalls',
}, async ({ compute, run }) => {
  const { namespaces, clocks, sandbox } = await run(await compute(some()), { needs: 'time' })
  if (namespaces['time'] === sandbox.namespaces['time']) throw new Failure(MISSING)
  const expected = sandbox.before.clocks.monotonic
  same(clocks.monotonic, expected, `expected a monotonic clock with the offset ${expected}, got ${clocks.monotonic}`)
})

export const exercise: Exercise = {
  id: '08-time/shifted', title: 'A month later', points: 5, checks: [boot, monotonic],
}
