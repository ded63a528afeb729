// A further process in a container that is there: for `exec`, and for hooks that run in its namespaces.
//
//   new Birth(inside(spec, stored), { given: { pidfd } })
//
// It is made as the container was: by a monitor with nothing of the caller, from which it is cloned. The monitor stays where it
// is; the new process joins the cgroup, enters the namespaces by the descriptor of the container's process, and takes its rights.
// Invariant: which process that is was checked after the descriptor was opened.
import { closeSync, readFileSync, readlinkSync, writeFile } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cgroup, type Group } from '@pocker/cgroup'
import {
  because, call, chdir, command, execve, exitCode, open, O_CLOEXEC, O_PATH, pipe, plan, setns, SpecError, type Isolation,
  type Plan,
} from '@pocker/syscalls'
import { pidfdOpen } from '../calls.ts'
import { FILES, FLAGS } from '../compile/namespaces.ts'
import { affinity, appArmor, oom, processOf, program, refused, rights, session, turn } from '../compile/process.ts'
import type { Place } from '../compile/compile.ts'
import { terminal, terminalMade } from '../compile/terminal.ts'
import { Birth } from '../monitor/birth.ts'
import { gate } from '../monitor/monitor.ts'
import type { Hook, NamespaceSpec, Spec } from '../spec/schema.ts'
import type { RunHook } from './hooks.ts'
import { killProcess, parseSignal } from './kill.ts'
import { placeFor, type PlaceOptions } from './place.ts'
import { groupOf, isAlive, processOf as processNow } from './status.ts'
import type { Process, Store, Stored } from './store.ts'

const PIDFD = { resultOf: 'pidfd' }

/** The namespaces that a process does not share with us. */
function foreign(pid: number): NamespaceSpec['type'][] {
  const of = (who: number | 'self', file: string): string => readlinkSync(`/proc/${who}/ns/${file}`)
  return (Object.keys(FILES) as NamespaceSpec['type'][]).filter((type) => of(pid, FILES[type]) !== of('self', FILES[type]))
}

/** The monitor enters the PID namespace, for its child to be born there; the child enters all others. */
// region enter
function enterAll(types: readonly NamespaceSpec['type'][]): Isolation {
  const flags = types.filter((type) => type !== 'pid').reduce((all, type) => all | FLAGS[type], 0n)
  return {
    name: 'namespaces',
    before: types.includes('pid') ? [because('its child is born there', setns(PIDFD, FLAGS.pid))] : [],
    child: flags ? [because("all of the container's, at once", setns(PIDFD, flags))] : [],
  }
}
// endregion

/** In its cgroup: before its namespaces, for the files are the host's. */
function joined(group: Group | undefined, pid: number): Isolation[] {
  if (!group) return []
  const { unified, ...old } = group.tree
  const two = unified === undefined ? [] : [{ tree: { ...group.tree, v1: {} }, path: leafOf(group, pid) }]
  return [...two, { ...group, tree: old }].map((one) => {
    const { needs: _, ...entered } = cgroup(one, { namespace: 'host' })
    return entered
  })
}

/** Version 2 takes nobody into a group that hands controllers down, as systemd makes of a container's: then where its first is. */
function leafOf({ tree: { unified = '' }, path }: Group, pid: number): string {
  if (readFileSync(join(unified, path, 'cgroup.subtree_control'), 'utf8').trim() === '') return path
  const now = /^0::(\/.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? path
  return now.startsWith(join(path, '/')) ? now : path
}

const heldRoot: Isolation = { name: 'root', child: [{ ...open('/', O_PATH | O_CLOEXEC), as: 'root' }] }

type InsideOptions = Pick<PlaceOptions, 'preserved' | 'noNewKeyring'> & Pick<Place, 'executable'>

/** The container's, though it may have been made by somebody else, where groups were made elsewhere. */
function placeInside(spec: Spec, stored: Stored, { executable, ...options }: InsideOptions): Place {
  const { group: _, ...place } = placeFor(spec, { ...stored, ...options })
  const group = groupOf(stored)
  return { ...place, ...(group && { group }), mapsWrittenBy: stored.mapsWrittenBy, ...(executable !== undefined && { executable }) }
}

/** @param spec the container's, with the process to be */
export function inside(spec: Spec, stored: Stored, options: InsideOptions): Plan {
  const place = placeInside(spec, stored, options)
  const pid = stored.process?.pid ?? 0
  return plan([
    refused(spec, place),
    session(spec, place),
    oom(spec, place),
    appArmor(spec, place),
    ...joined(place.group, pid),
    enterAll(foreign(pid)),
    ...(spec.process?.terminal ? [heldRoot, { name: 'terminal', child: terminalMade(spec, { console: false }) }] : []),
    terminal(spec),
    turn(spec, place),
    affinity(spec, place),
    ...rights.map((part) => part(spec, place)),
    { name: 'start', child: gate('its creator has written down that it is there') },
    program(spec, place),
  ])
}

/** A descriptor of the container's first process, and no other. @throws {SpecError} if it has ended */
export function pidfdOf(process: Process | undefined, id: string): number {
  const pidfd = process && isAlive(process) ? Number(call(pidfdOpen(process.pid)).value) : -1
  if (pidfd >= 0 && isAlive(process)) return pidfd
  if (pidfd >= 0) closeSync(pidfd)
  throw new SpecError(`exec: expected a container that runs, ${id} is stopped`)
}

/** startContainer: with the container's own rights, for the program is a file of its image. */
export function hookInContainer(store: Store, stored: Stored): RunHook {
  return (hook, state) => {
    const spec = store.config(stored.id)
    const process = { ...processOf(spec), cwd: '/', terminal: false, args: argsOf(hook), env: hook.env ?? [] }
    const made = inside({ ...spec, process }, stored, { executable: hook.path })
    return runBeside(made, { pidfd: pidfdOf(stored.process, stored.id) }, hook, state)
  }
}

/** createContainer: in its namespaces, while the host's files are still in sight; the hook is the host's. */
export function hookInside(pid: number, bundle: string): RunHook {
  return (hook, state) => {
    const made = plan([
      enterAll(foreign(pid)),
      { name: 'hook', child: [chdir(bundle), ...gate('its creator holds its input')] },
      command({ argv: argsOf(hook), env: hook.env ?? [], execute: (argv, envp) => execve(hook.path, argv, envp) }),
    ])
    return runBeside(made, { pidfd: Number(call(pidfdOpen(pid)).value) }, hook, state)
  }
}

const argsOf = ({ path, args }: Hook): readonly string[] => (args?.length ? args : [path])

/** Runs a hook that is no child of node's. */
async function runBeside(made: Plan, given: { readonly pidfd: number }, { timeout }: Hook, state: string): ReturnType<RunHook> {
  const input = pipe()
  const birth = new Birth(withInput(made), { stays: true, given: { ...given, input: input.reader } })
  try {
    closeSync(given.pidfd)
    closeSync(input.reader)
    const there = birth.reported()
    if (there) birth.go()
    if (there && birth.reported()) birth.go()
    try {
      birth.executed()
    } catch (error) {
      return { status: null, signal: (error as Error).message, said: '', late: false }
    }
    const running = processNow(birth.pid)
    let late = false
    const limit =
      timeout === undefined
        ? undefined
        : setTimeout(() => {
            late = true
            if (running) killProcess(running, parseSignal('KILL'))
          }, timeout * 1000)
    const [exit] = await Promise.all([birth.ended(), writeAll(input.writer, state)])
    clearTimeout(limit)
    return { status: exitCode(exit), signal: exit.signal, said: '', late }
  } finally {
    birth.free()
  }
}

function withInput(made: Plan): Plan {
  const start = made.child.findIndex(({ by }) => by === 'command')
  const stdin = { call: 'dup3', args: [{ resultOf: 'input' }, 0, 0], by: 'hook' } as const
  return { ...made, child: [...made.child.slice(0, start), stdin, ...made.child.slice(start)] }
}

/** Beside the hook, which need not read it: more than a pipe holds would wait for that, and no timeout would end it. */
async function writeAll(fd: number, text: string): Promise<void> {
  try {
    await promisify(writeFile)(fd, text)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  } finally {
    closeSync(fd)
  }
}
