// Which clocks a process has, as the kernel tells it.
//
//   clocksOf(pid)   → { monotonic: '0 0', boottime: '2592000 0' }
//
// @see time_namespaces(7)
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { Failure } from './verdict.ts'

/** How far the clocks of a time namespace are from the machine's: seconds and nanoseconds. */
export interface Clocks { readonly monotonic: string; readonly boottime: string }

/**
 * @returns no offsets where the kernel knows no time namespaces
 * @throws {Failure} if it has called unshare: then the kernel tells only of the namespace of its children
 */
export function clocksOf(pid: number): Clocks {
  if (!knowsTimeNamespaces()) return { monotonic: '0 0', boottime: '0 0' }
  const [own, childrens] = ['time', 'time_for_children'].map((type) => readlinkSync(`/proc/${pid}/ns/${type}`))
  if (own !== childrens) throw new Failure('the container is not in the time namespace itself: only its children would be')
  return parseClocks(readFileSync(`/proc/${pid}/timens_offsets`, 'utf8'))
}

export const knowsTimeNamespaces = (): boolean => existsSync('/proc/self/timens_offsets')

/** @param text such as `monotonic           0         0\nboottime      2592000         0\n` */
function parseClocks(text: string): Clocks {
  const offsets = new Map(text.split('\n').map((line) => {
    const [clock = '', ...offset] = line.split(/\s+/)
    return [clock, offset.join(' ')]
  }))
  return { monotonic: offsets.get('monotonic') ?? '', boottime: offsets.get('boottime') ?? '' }
}
