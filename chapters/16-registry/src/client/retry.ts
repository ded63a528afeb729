// Once more, after a pause that grows, where that may help.
//
//   await retried(retry, async (progress) => …)      progress(1234): so many bytes came
//
// Invariant: it ends: after so many tries in a row that brought next to nothing.
import { setTimeout } from 'node:timers/promises'
import { explained, isFault } from './errors.ts'

export interface Retry {
  /** At most so many in a row. */
  readonly tries: number
  /** Milliseconds before the second; twice as long before each further one. */
  readonly pause: number
  readonly signal?: AbortSignal | undefined
}

/** Bytes. Whoever brings as much has earned as many tries again. */
const WORTH = 1024 * 1024
/** Milliseconds. Who is asked to wait longer is told so, and not left to wait. */
const LONGEST = 60_000

export async function retried<T>(
  { tries, pause, signal }: Retry, body: (progress: (bytes: number) => void) => Promise<T>,
): Promise<T> {
  for (let used = 0; ;) {
    let bytes = 0
    try {
      return await body((more) => { bytes += more })
    } catch (error) {
      used = bytes >= WORTH ? 1 : used + 1
      if (used >= tries || signal?.aborted || !isFault(error, 'CUT', 'BUSY')) throw error
      if (error.retryAfter !== undefined && error.retryAfter > LONGEST) throw error
      const wait = error.retryAfter ?? Math.min(pause * 2 ** (used - 1), LONGEST)
      await setTimeout(wait, undefined, signal && { signal }).catch((stopped: unknown) => { throw explained('registry', stopped) })
    }
  }
}
