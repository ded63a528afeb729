// The monitor: the parent of a container, and itself a list of system calls.
//
//   monitor(plan, place)   → setsid, give up all that is the caller's, join namespaces, clone3, wait4, write, exit
//
// Whoever makes a container may be killed at any moment, a shell, a daemon, an engine. The monitor has nothing of it: no
// descriptor, no memory, no program. It waits in the kernel for its one child, writes how that ended into a file, and ends.
// A list has no loop and no branch, so there is nothing in it that could fail on the way.
//
// Invariant: the container is cloned behind everything that is given up, so nothing of the caller is ever inside.
import {
  because, chdir, cloneOf, close, closeRange, exit_group, giveUpFiles, giveUpMemory, hidden, LAST_FD,
  PR_SET_PDEATHSIG, read, setsid, wait4, WALL, write, type Plan, type Range, type Step, type Syscall,
} from '@pocker/syscalls'
import { pwriteOut } from '../calls.ts'

/** Descriptors that the lists call by these names; their numbers are known when a list is loaded. */
const GO = { resultOf: 'go' }
const REPORT = { resultOf: 'report' }
const STATUS = { resultOf: 'status' }
const START = { resultOf: 'start' }
/** Docker's exit code for a container that was never made. */
const NOT_STARTED = 125
/** An int, as wait4 writes it. */
const STATUS_SIZE = 4

/** Where a container tells that it has come so far, and waits for its creator. Without a creator, it ends. */
// region gate
export function gate(why: string): Syscall[] {
  return [because('so far', write(REPORT, '.')), { ...because(why, read(GO, 1)), onZero: [exit_group(NOT_STARTED)] }]
}
// endregion

/** The last one: `start` opens it, minutes later perhaps. The container holds both ends, so it never reads an end. */
export const startGate = (): Syscall[] => [because('until somebody says start', read(START, 1))]

export interface Place {
  /** The memory that the list lies in, and a descriptor of an empty file. */
  readonly arena: Range
  readonly exe: number
  /** The numbers of the descriptors that lists call by name, and others that the monitor is to hold as long as it lives. */
  readonly given: Readonly<Record<string, number>>
  readonly held: readonly number[]
  /** Those that the container's program gets, and nobody else. */
  readonly passed: readonly number[]
  /** Whether it waits for the container, or leaves that to the caller's parent, who takes orphans (a subreaper). */
  readonly stays: boolean
  /** Whether others may look into it until its maps are written: an ordinary user has to write them. */
  readonly hiddenLate: boolean
}

// region monitor
export function monitor(plan: Plan, place: Place): Syscall[] {
  const { given, held, passed, exe, stays, hiddenLate } = place
  const hide = [hidden()]
  const container: Step = {
    ...cloneOf(plan, [
      { ...because('until the creator has written its maps', read(GO, 1)), onZero: [exit_group(NOT_STARTED)] },
      ...(hiddenLate ? hide : []),
      ...plan.child,
    ]),
    as: 'container',
    why: 'make the container',
    by: 'clone',
  }
  return [
    because('no terminal, and no signal from one', setsid()),
    ...giveUpFiles([...Object.values(given), ...held, ...passed, exe]),
    ...plan.before.filter((step) => !diesWithParent(step)),
    ...giveUpMemory(place),
    ...(hiddenLate ? [] : hide),
    container,
    close(GO),
    because('it is there', write(REPORT, '.')),
    close(REPORT),
    ...(stays ? watch(given, held) : []),
    exit_group(0),
  ]
}
// endregion

// region watch
function watch({ status }: Place['given'], held: readonly number[]): Syscall[] {
  const kept = [...(status === undefined ? [] : [status]), ...held].toSorted((a, b) => a - b)
  const edges = [-1, ...kept, LAST_FD + 1]
  return [
    ...edges.slice(1).flatMap((fd, i) => {
      const first = (edges[i] ?? 0) + 1
      return first < fd ? [because("the container's alone", closeRange(first, fd - 1))] : []
    }),
    because('no directory is kept busy', chdir('/')),
    { ...because('here it stands, as long as the container runs', wait4({ resultOf: 'container' }, WALL)), as: 'end' },
    ...(status === undefined ? [] : [because('how it ended', pwriteOut(STATUS, 'end', STATUS_SIZE))]),
  ]
}
// endregion

/** Chapters 03 to 08 tie the process between to its parent; this one outlives it. */
const diesWithParent = ({ call, args }: Syscall): boolean => call === 'prctl' && args[0] === PR_SET_PDEATHSIG
