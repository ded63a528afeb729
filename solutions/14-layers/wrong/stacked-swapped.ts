// exercise: stacked
// wrong: writes to the work directory
// score: 6
// says: in the upper and the lower directory: expected
import { CLONE_NEWNS, mount, MS_PRIVATE, MS_REC, type Isolation } from '@pocker/syscalls'

export interface Stack {
  readonly lowers: readonly string[]
  readonly upper?: string
  readonly work?: string
  readonly target: string
}

/** A colon stands between two directories, a comma between two options. */
const escaped = (path: string): string => path.replace(/[\\:,]/g, '\\$&')

export function stacked({ lowers, upper, work, target }: Stack): Isolation {
  const options = [
    `lowerdir=${lowers.map(escaped).join(':')}`,
    ...(upper && work ? [`upperdir=${work}`, `workdir=${upper}`] : []),
    'userxattr',
  ].join(',')
  return {
    name: 'stacked',
    flags: CLONE_NEWNS,
    child: [
      mount(null, '/', null, MS_REC | MS_PRIVATE, null),
      mount('overlay', target, 'overlay', 0, options),
    ],
  }
}
