// From errors to one line on standard error and an exit code. All of them pass through here.
import { NOT_STARTED, SpecError, StartError, SyscallError } from '@pocker/syscalls'
import { CommanderError, type Command } from 'commander'
import { writeSync } from 'node:fs'

/** Docker's hint, which costs its reader no second look. */
const see = (command: Command): string => `see '${names(command).join(' ')} --help'`
const names = (command: Command): string[] => [...(command.parent ? names(command.parent) : []), command.name()]

/** Makes commander say its errors in our form, for this command and all below it. */
export function oneLineErrors(command: Command): void {
  command.exitOverride()
  command.configureOutput({
    outputError: (text) => {
      const line = text.trim().replace(/^error: /, '').replace(/\s*\n\s*/g, ' ').replace('(Did', '(did')
      say(`${line}; ${see(command)}`)
    },
  })
  for (const below of command.commands) oneLineErrors(below)
}

/** One line on standard error, written at once: a stream would make the descriptor non-blocking, for the container too. */
export function say(line: string): void {
  writeSync(2, `pocker: ${line}\n`)
}

/** Runs the command line, and sets the exit code. */
export async function execute(program: Command): Promise<void> {
  try {
    await program.parseAsync()
  } catch (error) {
    tell(error)
    process.exitCode = error instanceof StartError ? error.exitCode : NOT_STARTED
    if (error instanceof CommanderError && error.exitCode === 0) process.exitCode = 0
  }
}

/** Where no container is started, whatever goes wrong is 1. What does not matter is told, and no more. */
export async function orOne(body: () => Promise<void> | void, matters: (error: unknown) => boolean = () => true): Promise<void> {
  try {
    await body()
  } catch (error) {
    tell(error)
    if (matters(error)) process.exitCode = 1
  }
}

/** In one line. Commander has done so already. @throws what nobody has thought of */
function tell(error: unknown): void {
  if (error instanceof CommanderError) return
  if (error instanceof SpecError || error instanceof SyscallError) {
    say(error.message + remedy(error))
  } else if (isFileError(error)) {
    say(`${error.message}${error.code === 'EACCES' ? '; try sudo, or set POCKER_ROOT to a directory of yours' : ''}`)
  } else {
    throw error
  }
}

function remedy(error: SpecError | SyscallError): string {
  // The kernel's answer for a PID namespace that nobody can be born in any more, too. @see pid_namespaces(7)
  const isClone = error instanceof StartError && error.by === 'clone'
  if (isClone && error.code === 'ENOMEM') return '; if it joins a PID namespace, process 1 there has ended'
  if (error.code !== 'EPERM' || process.geteuid?.() === 0) return ''
  return '; an ordinary user may not do that, or this machine forbids it: see pocker doctor'
}

const isFileError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'code' in error && 'syscall' in error
