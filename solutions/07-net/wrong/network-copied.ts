// exercise: network
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/net: write it yourself
import { net, type NetMode } from '@pocker/net'
import type { Isolation } from '@pocker/syscalls'

export const network = (mode: NetMode): Isolation => net({ mode })
