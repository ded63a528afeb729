// A process that grades one submission after the other, for the one that hands them out. See run.ts.
//
//   → { name, folder }   ← Result
//
// Invariant: it ends when its parent does, and then so does all that it started.
import { ROOT } from './exercises.ts'
import { sweep } from './fence.ts'
import { gradeFolder, type Course, type Submitted } from './one.ts'

export async function worker(course: Course, seconds: number): Promise<number> {
  const send = (message: unknown): void => void (process.connected && process.send?.(message, undefined, undefined, () => {}))
  process.on('message', (submitted: Submitted) => {
    gradeFolder(submitted, course, { root: ROOT, seconds, again: true })
      .then(send, (error: unknown) => send({ failed: (error as Error).message }))
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {}) // the parent ends us
  send({ ready: true })
  if (process.connected) await new Promise((resolve) => process.once('disconnect', resolve))
  await sweep((pid) => pid !== process.pid)
  return process.exit(0) // an answer may still be running, or the compiler
}
