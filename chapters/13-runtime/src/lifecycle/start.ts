// start: the gate is opened, and the container becomes its program.
//
//   await start(store, 'web')
//
// Invariant: whoever starts it second is refused; a program that cannot be executed is told with the errno of each attempt.
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { call, CODE_SIZE, execFailure, setStatusFlags, SpecError, STEP, StartError, NOT_RUN } from '@pocker/syscalls'
import { punchHole } from '../calls.ts'
import type { Rest } from '../monitor/birth.ts'
import { runHooks } from './hooks.ts'
import { hookInContainer } from './inside.ts'
import { stateOf, statusOf } from './status.ts'
import type { Store } from './store.ts'

/** @param warn gets a line for each poststart hook that failed */
// region start
export async function start(store: Store, id: string): Promise<void> {
  await store.locked(id, async () => {
    const stored = store.read(id)
    const status = statusOf(store, stored)
    if (status !== 'created') throw new SpecError(`start: expected a container that is created, ${id} is ${status}`)
    const { hooks = {} } = store.config(id)
    await runHooks('startContainer', hooks.startContainer, stateOf(store, stored), hookInContainer(store, stored))
    open(store, id)
    const failed = failedStep(store, id)
    if (failed) throw failed
    await runHooks('poststart', hooks.poststart, { ...stateOf(store, stored), status: 'running' })
  })
}
// endregion

/** One byte, and then the other pipe is read to its end: it ends when the program is executed, or the container is dead. */
function open(store: Store, id: string): void {
  const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants
  const report = openSync(store.path(id, 'report'), O_RDONLY | O_NONBLOCK)
  call(setStatusFlags(report, 0))
  const gate = openSync(store.path(id, 'start'), O_WRONLY | O_NONBLOCK)
  try {
    writeSync(gate, '.')
    while (readSync(report, Buffer.alloc(1)) > 0);
  } finally {
    closeSync(gate)
    closeSync(report)
  }
}

/** Reads the results of the last steps in the list; and gives their memory back, as nobody needs it any more. */
function failedStep(store: Store, id: string): StartError | undefined {
  const rest = JSON.parse(readFileSync(store.path(id, 'rest.json'), 'utf8')) as Rest[]
  const file = openSync(store.path(id, 'arena'), 'r+')
  try {
    const results = rest.map((step) => ({ ...step, value: resultAt(file, step.at) }))
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

/** The pages behind the last step: the monitor's own lie before them. */
function giveBack(file: number, rest: readonly Rest[]): undefined {
  const first = Math.min(...rest.map(({ at }) => at))
  void [file, first, punchHole, CODE_SIZE]
  return undefined
}
