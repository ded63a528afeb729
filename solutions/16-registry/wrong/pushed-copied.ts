// exercise: pushed
// wrong: has the chapter's own package push
// score: 0
// says: an answer may not import @pocker/registry: write it yourself
import { push } from '@pocker/registry'

export const pushed = (): unknown => [String(push)]
