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
