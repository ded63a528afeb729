// start: the gate is opened, and the container becomes its program.
//
//   await start(store, 'web')
//
// Invariant: whoever starts it second is refused; a program that cannot be executed is told with the errno of each attempt.
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { call, callAll, execFailure, mayFail, setStatusFlags, SpecError, STEP, StartError, NOT_RUN } from '@pocker/syscalls'
import { punchHole } from '../calls.ts'
import type { Rest } from '../monitor/birth.ts'
import type { Spec } from '../spec/schema.ts'
import type { Made } from './create.ts'
import { runHooks } from './hooks.ts'
import { hookInContainer } from './inside.ts'
import { killProcess, parseSignal } from './kill.ts'
import { stateOf, statusOf } from './status.ts'
import type { Store, Stored } from './store.ts'

// region start
export async function start(store: Store, id: string): Promise<void> {
  await store.locked(id, async () => {
    const stored = store.read(id)
    const status = statusOf(store, stored)
    if (status !== 'created') throw new SpecError(`start: expected a container that is created, ${id} is ${status}`)
    await begin(store, stored, store.config(id), () => {
      open(store, id)
      const failed = failedStep(store, id)
      if (failed) throw failed
    })
  })
}
// endregion

/** By who has just made it: the results are at hand. */
export async function startMade(store: Store, { birth, stored, spec }: Made): Promise<void> {
  await store.locked(stored.id, () =>
    begin(store, stored, spec, () => {
      say(store, stored.id)
      birth.executed()
      const file = openSync(store.path(stored.id, 'arena'), 'r+')
      giveBack(file, birth.rest())
      closeSync(file)
    }),
  )
}

async function begin(store: Store, stored: Stored, { hooks = {} }: Spec, opened: () => void): Promise<void> {
  const { startContainer, poststart } = hooks
  if (startContainer) {
    await orStopped(stored, runHooks('startContainer', startContainer, stateOf(store, stored), hookInContainer(store, stored)))
  }
  opened()
  if (poststart) await orStopped(stored, runHooks('poststart', poststart, { ...stateOf(store, stored), status: 'running' }))
}

/** A hook that fails stops the container. @see runtime.md, Lifecycle, 7 and 9; of poststart as runc, and since 1.2.1 the spec */
async function orStopped({ process }: Stored, hooks: Promise<void>): Promise<void> {
  try {
    await hooks
  } catch (error) {
    if (process) killProcess(process, parseSignal('KILL'))
    throw error
  }
}

/** One byte, and then the other pipe is read to its end: it ends when the program is executed, or the container is dead. */
function open(store: Store, id: string): void {
  const { O_RDONLY, O_NONBLOCK } = constants
  const report = openSync(store.path(id, 'report'), O_RDONLY | O_NONBLOCK)
  call(setStatusFlags(report, 0))
  try {
    say(store, id)
    while (readSync(report, Buffer.alloc(1)) > 0);
  } finally {
    closeSync(report)
  }
}

/** The container holds the other end, so this never waits. @throws {SpecError} if it has been killed since we looked */
function say(store: Store, id: string): void {
  let gate: number | undefined
  try {
    gate = openSync(store.path(id, 'start'), constants.O_WRONLY | constants.O_NONBLOCK)
    writeSync(gate, '.')
  } catch (error) {
    if (!['ENXIO', 'EPIPE'].includes(String((error as NodeJS.ErrnoException).code))) throw error
    throw new SpecError(`start: expected a container that is created, ${id} has ended meanwhile`, { cause: error })
  } finally {
    if (gate !== undefined) closeSync(gate)
  }
}

/** Reads the results of the last steps in the list; and gives their memory back, as nobody needs it any more. */
function failedStep(store: Store, id: string): StartError | undefined {
  const rest = JSON.parse(readFileSync(store.path(id, 'rest.json'), 'utf8')) as Rest
  const file = openSync(store.path(id, 'arena'), 'r+')
  try {
    const results = rest.steps.map((step) => ({ ...step, value: resultAt(file, step.at) }))
    const attempts = results.filter(({ name, value }) => name === 'execve' && value !== NOT_RUN)
    const failed = results.find(({ name, value }) => name !== 'execve' && value !== NOT_RUN && value < 0n)
    if (failed) return new StartError(failed.call, Number(-failed.value), { by: 'command', why: failed.why })
    // The one that worked has no result: a program that is executed does not come back.
    if (attempts.length < results.filter(({ name }) => name === 'execve').length) return giveBack(file, rest)
    const program = store.config(id).process?.args[0] ?? ''
    const last = attempts.at(-1)
    const found = execFailure(
      program,
      attempts.map(({ path, value }) => ({ path, errno: Number(-value) })),
    )
    return new StartError(last?.call ?? 'execve', Number(-(last?.value ?? 0n)), { by: 'command', program: found })
  } finally {
    closeSync(file)
  }
}

function resultAt(file: number, at: number): bigint {
  const bytes = Buffer.alloc(8)
  readSync(file, bytes, 0, 8, at + STEP.result)
  return bytes.readBigInt64LE(0)
}

/** The memory of the container's own list. Not every file system can: then it is kept until the container is deleted. */
function giveBack(file: number, { from, to }: Rest): undefined {
  if (to > from) callAll([mayFail(punchHole(file, from, to - from), 'EOPNOTSUPP')])
}
