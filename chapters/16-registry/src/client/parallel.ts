// Several at once; when one fails, the others are stopped, and it is the failure that is told, not the stop.
//
//   await together([download(), unpack()], stop)               await parallel(3, layers, async (layer, i) => …, stop)
//
// Invariant: when it returns or throws, nothing of it is still running.
import { isFault } from './errors.ts'

/** @param stop is aborted at the first failure: those who run look at its signal */
export async function together(tasks: readonly Promise<void>[], stop: AbortController): Promise<void> {
  const failures: unknown[] = []
  await Promise.all(tasks.map((task) => task.catch((error: unknown) => {
    failures.push(error)
    stop.abort()
  })))
  if (failures.length > 0) throw failures.find((error) => !isStop(error)) ?? failures[0]
}

const isStop = (error: unknown): boolean => (error as Error).name === 'AbortError' || isFault(error, 'ABORTED')

/** @param most at a time */
export async function parallel<T>(
  most: number, items: readonly T[], body: (item: T, index: number) => Promise<void>, stop: AbortController,
): Promise<void> {
  const queue = items.entries()
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (stop.signal.aborted) return
      await body(item, index)
    }
  }
  await together(Array.from({ length: most }, worker), stop)
}
