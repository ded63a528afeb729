// exercise: first
// wrong: leaves it to the kernel to refuse
// score: 4
// says: first() accepted what it must refuse
import { because, close, O_CLOEXEC, O_WRONLY, open, write, type Isolation } from '@pocker/syscalls'

export function first(points: number): Isolation {
  return {
    name: 'first',
    child: [
      { ...open('/proc/self/oom_score_adj', O_WRONLY | O_CLOEXEC), as: 'score' },
      because('the container\'s own, and its children\'s', write({ resultOf: 'score' }, String(points))),
      close({ resultOf: 'score' }),
    ],
  }
}
