// The list of mounts that a process has, as the kernel tells it.
//
//   mountsOf(pid)       → [{ point: '/proc', type: 'proc', device: '0:52', options: ['rw', 'nosuid'], … }, …]
//   mountsAt(list, p)   → those at one place, the one on top last
//
// @see proc_pid_mountinfo(5)
import { readFileSync } from 'node:fs'

export interface Mount {
  readonly id: number
  /** The mount on which this one lies. */
  readonly parent: number
  /** Which file system: two mounts of one file system have the same, a fresh one has its own. */
  readonly device: string
  /** As the process sees it, below its own root. */
  readonly point: string
  readonly options: readonly string[]
  readonly type: string
}

export const mountsOf = (pid: number): Mount[] => parseMounts(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'))

/** @param text such as `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue` */
export function parseMounts(text: string): Mount[] {
  return text.split('\n').filter(Boolean).map((line) => {
    const [front = '', back = ''] = line.split(' - ')
    const [id, parent, device = '', , point = '', options = ''] = front.split(' ')
    const [type = ''] = back.split(' ')
    const place = { id: Number(id), parent: Number(parent), device, point: unescaped(point) }
    return { ...place, options: options.split(','), type }
  })
}

/** Blank, tab, newline and backslash are written as three octal digits. */
const unescaped = (path: string): string =>
  path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/** Of two mounts at one place the upper one lies on the lower. */
export function mountsAt(mounts: readonly Mount[], point: string): Mount[] {
  const here = mounts.filter((mount) => mount.point === point)
  const under = (mount: Mount): number => {
    const below = here.find(({ id }) => id === mount.parent && id !== mount.id)
    return below ? 1 + under(below) : 0
  }
  return here.toSorted((a, b) => under(a) - under(b))
}
