// exercise: applied
// wrong: takes the chapter's own package
// score: 0
// says: an answer may not import @pocker/layers: write it yourself
import { whiteoutOf } from '@pocker/layers'
import { chdir, chroot, mkdir, type Isolation } from '@pocker/syscalls'

export const applied = ({ directory, entries }: { directory: string; entries: { path: string; mode: number }[] }): Isolation => ({
  name: 'applied',
  child: [
    chroot(directory), chdir('/'),
    ...entries.filter(({ path }) => !whiteoutOf(path)).map(({ path, mode }) => mkdir(path, mode)),
  ],
})
