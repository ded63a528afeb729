// exercise: addressed
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/net: write it yourself
import { addAddress } from '@pocker/net'
import { CLONE_NEWNET, netlinkSocket, type Isolation } from '@pocker/syscalls'

export const addressed = (address: string, prefix: number): Isolation =>
  ({ name: addAddress({ dev: 'lo', address: `${address}/${prefix}` }).what, flags: CLONE_NEWNET, child: [netlinkSocket()] })
