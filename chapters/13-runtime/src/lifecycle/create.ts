// create: everything but the program. Behind it a container exists, waits, and belongs to nobody.
//
//   await create(store, { id, bundle })   → the container's process number
//
// In this order, so that a kill between any two steps leaves what `delete --force` cleans: the state is written, the group is
// made, the monitor is started, the container comes to its last gate, the state is written again, the gate opens. Until then
// the container ends with its creator; from then on it waits at the named pipe `start`.
import { closeSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { allProcesses, isFrozen, prepare } from '@pocker/cgroup'
import { AT_FDCWD, call, make, SpecError, S_IFIFO, type Plan } from '@pocker/syscalls'
import { compile, type Place } from '../compile/compile.ts'
import { Birth } from '../monitor/birth.ts'
import { readSpec } from '../spec/read.ts'
import type { Spec } from '../spec/schema.ts'
import { warningsOf } from '../spec/warnings.ts'
import { connected } from './console.ts'
import { copiedUp } from './copyup.ts'
import { destroy } from './delete.ts'
import { runHooks } from './hooks.ts'
import { hookInside } from './inside.ts'
import { placeFor } from './place.ts'
import { checkProgram } from './program.ts'
import { processOf, stateOf } from './status.ts'
import { writeWhole, type Process, type Store, type Stored } from './store.ts'

export interface CreateOptions {
  readonly id: string
  readonly bundle: string
  /** The path of a socket that the terminal is sent to, if there is to be one; or what gives a descriptor of a connected one. */
  readonly consoleSocket?: string | (() => number)
  readonly pidFile?: string
  readonly noPivot?: boolean
  readonly noNewKeyring?: boolean
  /** Descriptors behind 2 that the program gets. */
  readonly preserved?: number
  /** Whether a monitor waits for it. Otherwise it is an orphan, and whoever takes those (a subreaper) learns how it ended. */
  readonly monitored: boolean
  readonly warn?: (line: string) => void
}

/** What is known of it in the process that has made it. */
export interface Made { readonly birth: Birth; readonly stored: Stored; readonly spec: Spec }

// region create
export async function create(store: Store, options: CreateOptions): Promise<Made> {
  const { id, bundle: given, warn = () => {} } = options
  const bundle = resolve(given)
  const text = textOf(join(bundle, 'config.json'))
  const spec = readSpec(text)
  checkConsole(spec, options)
  const place = placeFor(spec, { ...options, bundle })
  for (const line of warningsOf(spec, place.group?.tree.swap)) warn(line)
  return await withCopies(spec, place, async (given) => {
    const plan = compile(spec, { ...place, copies: Object.keys(given) })
    store.add(id)
    return await store.locked(id, async () => {
      try {
        checkGroup(place) // before the state says that this group is ours to end
        writeFileSync(store.path(id, 'config.json'), text, { mode: 0o600 })
        const stored = first(options, spec, place, bundle)
        store.write(stored)
        return await born(store, stored, { plan, spec, place, options, given })
      } catch (error) {
        for (const line of await destroy(store, id)) warn(line)
        throw error
      }
    })
  })
}
// endregion

/** With mounts that are filled beforehand, by the names that the plan has for them. */
async function withCopies<T>(spec: Spec, { rootfs }: Place, body: (given: Making['given']) => Promise<T>): Promise<T> {
  const copies = copiedUp(spec, rootfs)
  try {
    return await body(Object.fromEntries(copies.map(({ destination, fd }) => [`copy of ${destination}`, fd])))
  } finally {
    for (const { fd } of copies) closeSync(fd)
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new SpecError(`bundle: expected a config.json, got ${(error as NodeJS.ErrnoException).code} at ${path}`, {
      cause: error,
    })
  }
}

function checkConsole({ process }: Spec, { consoleSocket }: CreateOptions): void {
  if (process?.terminal && consoleSocket === undefined) {
    throw new SpecError('--console-socket: expected a socket to send the terminal to, as process.terminal is set, got none')
  }
  if (!process?.terminal && typeof consoleSocket === 'string') {
    throw new SpecError('--console-socket: expected none, as process.terminal is not set')
  }
}

/** The group is ended with the container, and so by a failure of create: nobody else may be in it. As runc has it since 1.2. */
function checkGroup({ group }: Place): void {
  const count = group ? allProcesses(group).length : 0
  if (group && count > 0) {
    throw new SpecError(`linux.cgroupsPath: expected a cgroup without processes, got ${group.path} with ${count}`)
  }
}

function first({ id }: CreateOptions, spec: Spec, { rootfs, group, mapsWrittenBy }: Place, bundle: string): Stored {
  return {
    id,
    ociVersion: spec.ociVersion,
    bundle,
    rootfs,
    created: new Date().toISOString(),
    annotations: spec.annotations ?? {},
    ...(group && { cgroup: group.path }),
    creator: processOf(process.pid) as Process,
    mapsWrittenBy,
  }
}

interface Making {
  readonly plan: Plan
  readonly spec: Spec
  readonly place: Place
  readonly options: CreateOptions
  readonly given: Readonly<Record<string, number>>
}

/** The descriptors that the container is made with; all of them are closed here. */
async function born(store: Store, stored: Stored, making: Making): Promise<Made> {
  const { id } = stored
  const { plan, place, options } = making
  const { pidFile, consoleSocket, monitored, preserved = 0 } = options
  if (place.group) prepare(place.group.tree, dirname(place.group.path))
  make(plan.needs)
  if (place.group && isFrozen(place.group)) {
    throw new SpecError(`linux.cgroupsPath: expected a cgroup that runs, got ${place.group.path}, which is frozen; thaw it`)
  }
  const open = new Set<number>()
  const hold = (fd: number): number => {
    open.add(fd)
    return fd
  }
  const { O_RDWR, O_CREAT } = constants
  const named = (name: string, flags: number): number => hold(openSync(store.path(id, name), flags, 0o600))
  let birth: Birth | undefined
  try {
    for (const name of ['start', 'report'])
      call({ call: 'mknodat', args: [AT_FDCWD, store.path(id, name), S_IFIFO | 0o600, 0] })
    const file = named('arena', O_RDWR | O_CREAT)
    birth = new Birth(plan, {
      stays: monitored,
      report: reportPipe(store.path(id, 'report')),
      file,
      passed: Array.from({ length: preserved }, (_, i) => 3 + i),
      given: {
        ...making.given,
        start: named('start', O_RDWR),
        ...(monitored && { status: named('exit', O_RDWR | O_CREAT) }),
        ...(making.spec.process?.terminal && consoleSocket !== undefined && { console: socketOf(consoleSocket, hold) }),
      },
    })
    const made = await toTheLastGate(birth, store, stored, making)
    if (pidFile !== undefined) writeWhole(pidFile, String(birth.pid))
    birth.go()
    if (!monitored) birth.endedSync() // it has ended already, and is nobody else's to wait for
    return { birth, stored: made, spec: making.spec }
  } catch (error) {
    birth?.abandon()
    throw error
  } finally {
    for (const fd of open) closeSync(fd)
  }
}

async function toTheLastGate(birth: Birth, store: Store, stored: Stored, { spec, place }: Making): Promise<Stored> {
  const next = (): void => {
    if (!birth.reported()) throw birth.failure() ?? new SpecError('the container ended before it was made')
  }
  next()
  birth.work()
  birth.go()
  const made: Stored = { ...stored, process: processOf(birth.pid) as Process }
  if (place.waits.hooks) {
    next()
    const { prestart, createRuntime, createContainer } = spec.hooks ?? {}
    const state = { ...stateOf(store, made), status: 'creating' as const }
    await runHooks('prestart', prestart, state)
    await runHooks('createRuntime', createRuntime, state)
    await runHooks('createContainer', createContainer, state, hookInside(birth.pid, stored.bundle))
    birth.go()
  }
  next()
  checkProgram(birth.pid, spec)
  const monitor = processOf(birth.monitor)
  writeFileSync(store.path(stored.id, 'rest.json'), JSON.stringify(birth.rest()), { mode: 0o600 })
  const written = { ...made, ...(monitor && { monitor }) }
  store.write(written)
  return written
}

const socketOf = (given: string | (() => number), hold: (fd: number) => number): number =>
  typeof given === 'string' ? hold(connected(given)) : given()

/** Both ends of a named pipe; one that is opened for reading alone would wait for a writer. */
function reportPipe(path: string): { reader: number; writer: number } {
  const both = openSync(path, constants.O_RDWR)
  const ends = { reader: openSync(path, constants.O_RDONLY), writer: openSync(path, constants.O_WRONLY) }
  closeSync(both)
  return ends
}
