// Why a container did not start: the step that failed, as a sentence and an exit code.
//
//   throw startError(results)   → 'mount("proc", "/proc", …): EPERM (Operation not permitted)'
//
// Invariant: the step's own answer is told, never an errno that something else may have changed since.
import { execFailure } from '../data/command.ts'
import { formatCall } from '../data/format.ts'
import type { Step } from '../data/isolation.ts'
import { SyscallError } from '../errno.ts'
import type { Result } from './arena.ts'
import { failedStep } from './call.ts'

/** What to tell about a program that could not be executed. */
type Program = ReturnType<typeof execFailure>

/** A container that did not start. */
export class StartError extends SyscallError {
  override readonly name = 'StartError'
  /** The isolation whose step failed: `uts`, `command`, `clone`. */
  readonly by: string
  /** What a shell would answer: 126 or 127 if the program was at fault, otherwise 125, as Docker has it. */
  readonly exitCode: number

  constructor(call: string, errno: number, { by, why, program }: { by: string; why?: string | undefined; program?: Program }) {
    super(call, errno)
    if (why !== undefined) this.message += `: ${why}`
    this.by = by
    this.exitCode = program?.exitCode ?? 125
    if (program) this.message = program.message
  }
}

/** The step at which the child ended, in words; if it is an execve, all attempts of the search together. */
export function startError(results: readonly Result[]): StartError {
  const { call, value = 0n } = failedStep(results) as Result
  const by = (call as Partial<Step>).by ?? 'clone'
  const errno = Number(-value)
  if (call.call !== 'execve') return new StartError(formatCall(call), errno, { by, why: call.why })
  const attempts = results.filter((result) => result.call.call === 'execve' && result.value !== undefined)
    .map((result) => ({ path: String(result.call.args[0]), errno: Number(-(result.value ?? 0n)) }))
  const [, argv] = call.args
  const program = execFailure(Array.isArray(argv) ? String(argv[0]) : '', attempts)
  return new StartError(formatCall(call), errno, { by, program })
}
