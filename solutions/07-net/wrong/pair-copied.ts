// exercise: pair
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/net: write it yourself
import { addLink } from '@pocker/net'
import { netlinkSocket, type Isolation } from '@pocker/syscalls'

export const pair = ({ name, peer }: { name: string; peer: string }): Isolation =>
  ({ name: addLink({ kind: 'veth', name, peer: { name: peer } }).what, child: [netlinkSocket()] })
