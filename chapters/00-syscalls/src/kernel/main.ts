// The outermost layer of a program: its exit code, and one line instead of a stack trace.
import { SpecError, SyscallError } from '../errno.ts'
import { StartError } from './failure.ts'

/** Docker's exit code for a container that was never made. @see docker run, Exit Status */
export const NOT_STARTED = 125

/** Runs the program's body; what it returns becomes the exit code. An error of ours becomes one line on standard error. */
export async function main(name: string, body: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await body()
  } catch (error) {
    if (!(error instanceof SpecError || error instanceof SyscallError)) throw error
    console.error(`${name}: ${error.message}`)
    process.exitCode = error instanceof StartError ? error.exitCode : NOT_STARTED
  }
}
