// exercise: first
// wrong: refuses what is above, and not what is below
// score: 4
// says: first() accepted what it must refuse
import { because, close, O_CLOEXEC, O_WRONLY, open, SpecError, write, type Isolation } from '@pocker/syscalls'

const MOST = 1000

/** @throws {SpecError} if the kernel would not take it */
export function first(points: number): Isolation {
  if (!Number.isInteger(points) || points > MOST) {
    throw new SpecError(`points: expected a whole number from -${MOST} to ${MOST}, got ${points}`)
  }
  return {
    name: 'first',
    child: [
      { ...open('/proc/self/oom_score_adj', O_WRONLY | O_CLOEXEC), as: 'score' },
      because('the container\'s own, and its children\'s', write({ resultOf: 'score' }, String(points))),
      close({ resultOf: 'score' }),
    ],
  }
}
