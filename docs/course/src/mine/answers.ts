// A student's own answers, as parts of a container.
//
//   await answersTo([{ exercise: '02-uts/names', args: [{ hostname: 'box' }] }])   → Map: '02-uts/names' → its isolation
//
// Invariant: only answers that have passed once are taken, and they are computed as they are for grading: in a box, as data.
import { accept, bundle, compute, exercises, Failure, Lacks, places, type Found } from '@pocker/grader'
import { SpecError, type Isolation, type Json } from '@pocker/syscalls'
import { stop } from 'esbuild'
import { entryOf, loadProgress } from '../progress.ts'
import { answerFile, courseRoot } from '../work.ts'

export interface Asked { readonly exercise: string; readonly args: readonly Json[] }

const LIMITS = { ms: 10_000, bytes: 1024 * 1024 }

/** @throws {SpecError} if an answer that passed once gives no isolation now, or this machine can make no box */
export async function answersTo(asked: readonly Asked[]): Promise<Map<string, Isolation>> {
  const root = courseRoot()
  const [all, { progress }] = [await exercises(root), loadProgress(root)]
  const answers = new Map<string, Isolation>()
  try {
    for (const { exercise: id, args } of asked) {
      const found = all.find((one) => one.id === id)
      if (found && entryOf(progress, id).passed) answers.set(id, await isolationOf(found, args, root))
    }
  } catch (error) {
    throw error instanceof Failure || error instanceof Lacks ? new SpecError(`--mine: ${error.message}`, { cause: error }) : error
  } finally {
    await stop()
  }
  return answers
}

async function isolationOf(exercise: Found, args: readonly Json[], root: string): Promise<Isolation> {
  const { chapter, name, maps } = exercise
  const code = await bundle({ file: answerFile(root, exercise), chapter, root })
  return accept(name, await compute(code, { name, args }, await places(), LIMITS), maps)
}
