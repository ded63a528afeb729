// The visible checks of resumed.ts. The answer's list is played against a registry that has a part of a blob.
import { randomBytes, randomInt } from 'node:crypto'
import { check, Failure, type Context, type Exercise } from '@pocker/grader'
import { digestOf, play, Registry, type Played } from './stage.ts'

export interface Cut {
  /** Bytes that have arrived. */
  readonly arrived: number
  readonly chunk: number
  /** Bytes that are missing. */
  readonly rest: number
}

/** Some chunks that are full, and one that is not. */
export function some(): Cut {
  const chunk = randomInt(40, 90)
  return { arrived: randomInt(100, 900), chunk, rest: chunk * randomInt(2, 5) + randomInt(1, chunk) }
}

/** @returns also whether the registry has the blob in the end, as it was meant */
export async function resume(
  { value, token }: Context, registry: Registry, { arrived, chunk, rest }: Cut,
): Promise<Played & { readonly whole: boolean }> {
  const [repository, blob] = [`${token(6)}/${token(6)}`, randomBytes(arrived + rest)]
  const [digest, location] = [digestOf(blob), registry.begin(repository, blob.subarray(0, arrived))]
  const range = arrived > 0 ? { range: `0-${arrived - 1}` } : {}
  const played = play(await value({ digest, size: blob.length, ...range, chunk, location }), registry.answer, { blob })
  return { ...played, whole: registry.blobs.has(`${repository}@${digest}`) }
}

/** @throws {Failure} if the registry refused a request, or has not got it */
export function finished({ ended, whole }: Played & { readonly whole: boolean }): void {
  if (ended !== undefined) throw new Failure(ended)
  if (!whole) throw new Failure('expected the blob in the registry in the end, and it is not there')
}

const whole = check({
  id: 'whole',
  title: 'the registry has the blob in the end',
  points: 2,
  hint: 'how many bytes are there if the last one has the number 899? And how does the registry learn that this was all?',
  lesson: 'the-code',
}, async (context) => {
  finished(await resume(context, new Registry({ demands: ['digest'] }), some()))
})

const range = check({
  id: 'range',
  title: 'each chunk says which bytes it has',
  points: 1,
  hint: 'a range in a header has the number of its last byte; slice has the number behind it',
  lesson: 'exercises',
}, async (context) => {
  const { ended } = await resume(context, new Registry({ demands: ['range'] }), some())
  if (ended !== undefined) throw new Failure(ended)
})

const small = check({
  id: 'small',
  title: 'no chunk is larger than it may be',
  points: 1,
  hint: 'as many requests as the rest has chunks; the last one may be smaller',
  lesson: 'exercises',
}, async (context) => {
  const cut = some()
  const { log } = await resume(context, new Registry(), cut)
  const largest = Math.max(0, ...log.map(({ sent }) => sent.body.length))
  if (largest === 0) throw new Failure('expected requests with bytes of the blob, got none')
  if (largest > cut.chunk) throw new Failure(`expected at most ${cut.chunk} bytes in one request, got ${largest}`)
})

export const exercise: Exercise = {
  id: '16-registry/resumed', title: 'Find the bugs: after a cut', points: 8, checks: [whole, range, small],
}
