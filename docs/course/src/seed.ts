// Tokens that differ from student to student, and are the same whenever one answer is graded again.
//
//   seeded(exercise, 'ada')      → the exercise, its checks drawing their tokens from the seed
//   seedOf(progress)             → POCKER_SEED, or what `course seed` has kept; undefined: chance, as ever
//
// Who grades a class takes a seed that nobody can guess: `course seed --student ada --secret FILE` makes one.
// Invariant: a check's tokens depend on the seed, the exercise and the check, and on no other check; so a check that is
// added or left out does not change those of the others.
import { createHmac } from 'node:crypto'
import type { Found } from '@pocker/grader'
import { eachCheck } from './checks.ts'
import type { Progress } from './progress.ts'

export const seedOf = ({ seed }: Progress): string | undefined => process.env['POCKER_SEED'] || seed

export const studentSeed = (secret: string | Buffer, student: string): string =>
  createHmac('sha256', secret).update(student).digest('hex').slice(0, 32)

export function seeded(exercise: Found, seed: string | undefined): Found {
  if (seed === undefined) return exercise
  return eachCheck(exercise, (context, { id }) => ({ ...context, token: tokens(`${exercise.id} ${id}`, seed) }))
}

/** As the grader's: letters and digits, beginning with a letter. */
function tokens(name: string, seed: string): (length?: number) => string {
  let drawn = 0
  return (length = 12) => {
    const number = ++drawn
    let text = 't'
    for (let part = 0; text.length < length; part++) {
      text += createHmac('sha256', seed).update(`${name} ${number} ${part}`).digest('hex')
    }
    return text.slice(0, length)
  }
}
