// What /proc says about a process that may be gone.
import { readFileSync } from 'node:fs'

/** @returns nothing if there is no such file */
export function readIf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** @param status the text of /proc/PID/status. @returns the words behind `name:` */
export const field = (status: string, name: string): string[] =>
  status.split('\n').find((line) => line.startsWith(`${name}:`))?.split(/\s+/).slice(1).filter(Boolean) ?? []

/** @see proc_pid_oom_score_adj(5) */
export const scoreOf = (pid: number): number => Number(readIf(`/proc/${pid}/oom_score_adj`))

/** USER_HZ, in which /proc counts: 100 on every architecture that Linux runs node on. */
const TICK_MS = 10

/**
 * Whether a process had too little of a busy machine to be judged by the clock: it wants to run, and has had less than half
 * of the time. So an endless loop ends at its limit, and an answer is not slow because others are graded beside it.
 * @see proc_pid_stat(5)
 */
export function starved(pid: number, ms: number): boolean {
  const [state, ...numbers] = readIf(`/proc/${pid}/stat`).replace(/^.*\) /s, '').split(' ')
  const [user = 0, system = 0] = numbers.slice(10, 12).map(Number)
  return (state === 'R' || state === 'D') && (user + system) * TICK_MS < ms / 2
}
