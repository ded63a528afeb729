// One tree out of many: overlayfs shows directories as if they lay on top of each other.
//
//   overlay({ names: '/…/l', lowers: ['Q3x9', 'aZ_0'], upper: …, work: …, target: '/…/merged', notation: 'overlay' })   → steps
//
// What is written goes to the upper directory: a file of a lower one is copied up before its first change.
// Invariant: the lower directories never change. @see kernel, Documentation/filesystems/overlayfs.rst
import { because, chdir, mount, SpecError, type Syscall } from '@pocker/syscalls'
import type { Notation } from '../tree/whiteout.ts'

export interface Stack {
  /** The directory of the lower ones' short names: all of them have to fit into one page. */
  readonly names: string
  /** The uppermost first. */
  readonly lowers: readonly string[]
  /** Where changes go, and a directory of the same file system in which the kernel prepares them; read-only without. */
  readonly upper?: string
  readonly work?: string
  readonly target: string
  readonly notation: Exclude<Notation, 'files'>
}

/** OVL_MAX_STACK of the kernel; and the page that mount(2) copies, with the NUL at its end. */
export const [MOST_LAYERS, MOST_BYTES] = [500, 4095]

/** No marks of what a layer could not say: a directory that was moved, a file of which only the owner was copied up. */
const PLAIN: Readonly<Record<Stack['notation'], readonly string[]>> = {
  'overlay': ['redirect_dir=off', 'metacopy=off', 'index=off'], 'overlay, in a user namespace': ['index=off', 'userxattr'],
}

/** To run where no mount made here reaches the machine. The working directory is another one behind them. */
// region overlay
export function overlay({ names, lowers, upper, work, target, notation }: Stack): Syscall[] {
  const options = [
    `lowerdir=${lowers.join(':')}`, ...(upper && work ? [`upperdir=${escaped(upper)}`, `workdir=${escaped(work)}`] : []),
    ...PLAIN[notation],
  ].join(',')
  if (lowers.length > MOST_LAYERS || options.length > MOST_BYTES) {
    throw new SpecError(`layers: expected at most ${MOST_LAYERS}, got ${lowers.length}; export a container of it, and import that`)
  }
  return [
    because('the layers by their short names', chdir(names)),
    because('the layers, the first on top; and what is written above them', mount('overlay', target, 'overlay', 0, options)),
  ]
}
// endregion

/** A comma ends an option, unless a backslash is before it. */
const escaped = (path: string): string => path.replace(/[\\,]/g, '\\$&')
