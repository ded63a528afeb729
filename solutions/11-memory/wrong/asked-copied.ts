// exercise: asked
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/memory: write it yourself
import type { Isolation } from '@pocker/syscalls'
import { memory, parseMemory } from '@pocker/memory'
import { findTree } from '@pocker/cgroup'

export const asked = (_: object, [, , , size = '']: readonly string[]): Isolation =>
  memory({ tree: findTree(), path: '/box' }, parseMemory({ memory: size }))
