// exercise: first
// wrong: guesses that the container is process 2
// score: 3
// says: in the neighbour's oom_score_adj, got
import { because, close, O_CLOEXEC, O_WRONLY, open, SpecError, write, type Isolation } from '@pocker/syscalls'

const MOST = 1000

/** @throws {SpecError} if the kernel would not take it */
export function first(points: number): Isolation {
  if (!Number.isInteger(points) || Math.abs(points) > MOST) {
    throw new SpecError(`points: expected a whole number from -${MOST} to ${MOST}, got ${points}`)
  }
  return {
    name: 'first',
    child: [
      { ...open('/proc/2/oom_score_adj', O_WRONLY | O_CLOEXEC), as: 'score' },
      because('the container\'s own, and its children\'s', write({ resultOf: 'score' }, String(points))),
      close({ resultOf: 'score' }),
    ],
  }
}
