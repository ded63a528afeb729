// exercise: powerless
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/privileges: write it yourself
import type { Isolation } from '@pocker/syscalls'
import { capabilities, same } from '@pocker/privileges'

export function powerless(keep: readonly string[]): Isolation {
  const { bounded, set } = capabilities(same(keep))
  return { name: 'powerless', child: [...bounded.child ?? [], ...set.child ?? []] }
}
