// exercise: stacked
// wrong: takes the chapter's own package
// score: 0
// says: an answer may not import @pocker/layers: write it yourself
import { overlay } from '@pocker/layers'
import { CLONE_NEWNS, mount, MS_PRIVATE, MS_REC, type Isolation } from '@pocker/syscalls'

export const stacked = ({ lowers, target }: { lowers: string[]; target: string }): Isolation => ({
  name: 'stacked',
  flags: CLONE_NEWNS,
  child: [
    mount(null, '/', null, MS_REC | MS_PRIVATE, null),
    ...overlay({ names: '/', lowers, target, notation: 'overlay, in a user namespace' }),
  ],
})
