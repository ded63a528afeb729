// Clocks that count from another moment. CLONE_NEWTIME shifts the boot clock and the monotonic clock of a container.
//
//   time({ offsets: { boottime: { secs: 2592000, nanosecs: 0 } } })   → the isolation
//
// The time of day is not among them: there is one for the whole machine.
// Invariant: the offsets are written before any process is born into the namespace; from then on they are frozen. So the
// namespace is made by the process between parent and container, which never enters it itself.
import {
  because, CLONE_NEWTIME, close, dieWithParent, O_CLOEXEC, O_WRONLY, open, SpecError, unshare, write, type Isolation,
} from '@pocker/syscalls'

/** `nanosecs` is 0 to 999999999, also for a negative offset: -1.5 s is { secs: -2, nanosecs: 500000000 }. */
export interface Offset { readonly secs: number; readonly nanosecs: number }

/** Clocks by their names in timens_offsets: what uptime shows, and what programs measure intervals with. */
export interface TimeOffsets { readonly boottime?: Offset; readonly monotonic?: Offset }

/** The kernel's limit for what a clock may show, in seconds: 146 years. @see time_namespaces(7), KTIME_SEC_MAX / 2 */
export const LATEST = 4_611_686_018
const NANOSECONDS = 1e9

/**
 * @param spec.offsets as in the OCI runtime spec, config-linux.md, "Offset for Time Namespace"; without one, there is no namespace
 * @throws {SpecError} if an offset is none
 * @see time_namespaces(7)
 */
// region time
export function time({ offsets }: { readonly offsets: TimeOffsets }): Isolation {
  const lines = Object.entries(offsets).map(([clock, offset]) => line(clock, offset as Offset))
  if (lines.length === 0) return { name: 'time' }
  return {
    name: 'time',
    before: [
      because('it must not outlive its parent either', dieWithParent()),
      because('for the children to come; needs a kernel with time namespaces (Linux 5.6, CONFIG_TIME_NS)', unshare(CLONE_NEWTIME)),
      { ...open('/proc/self/timens_offsets', O_WRONLY | O_CLOEXEC), as: 'offsets' },
      because('now or never: nobody is in it yet', write({ resultOf: 'offsets' }, lines.join(''))),
      close({ resultOf: 'offsets' }),
    ],
  }
}
// endregion

function line(clock: string, { secs, nanosecs }: Offset): string {
  if (clock !== 'boottime' && clock !== 'monotonic') {
    throw new SpecError(`timeOffsets: expected boottime or monotonic, got ${clock}`)
  }
  const whole = Number.isSafeInteger(secs) && Math.abs(secs) <= LATEST
  if (!whole || !Number.isInteger(nanosecs) || nanosecs < 0 || nanosecs >= NANOSECONDS) {
    const expected = `whole seconds up to ${LATEST}, and 0 to 999999999 nanoseconds`
    throw new SpecError(`timeOffsets.${clock}: expected ${expected}, got ${secs} and ${nanosecs}`)
  }
  return `${clock} ${secs} ${nanosecs}\n`
}

/**
 * @param now what the clocks show here, in seconds
 * @throws {SpecError} if a clock would show a time before its beginning, or after LATEST: the kernel would only say ERANGE
 */
// region check
export function checkOffsets(offsets: TimeOffsets, now: Readonly<Record<keyof TimeOffsets, number>>): void {
  for (const clock of ['boottime', 'monotonic'] as const) {
    const { secs, nanosecs } = offsets[clock] ?? { secs: 0, nanosecs: 0 }
    const [shown, offset] = [now[clock], secs + nanosecs / NANOSECONDS]
    if (shown + offset >= 0 && shown + offset <= LATEST) continue
    const expected = `a clock that stays between 0 and ${LATEST} s`
    throw new SpecError(`--${clock}: expected ${expected}, got ${offset} s where it shows ${Math.floor(shown)} s`)
  }
}
// endregion

/** What the two clocks show in this process. */
export function clocks(uptime: string): Record<keyof TimeOffsets, number> {
  return { boottime: Number(uptime.split(' ')[0]), monotonic: Number(process.hrtime.bigint() / BigInt(NANOSECONDS)) }
}
