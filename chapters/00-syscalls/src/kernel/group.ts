// The group that a container is born in: a descriptor of its directory, for as long as the clone takes.
//
//   withGroup(plan, (given) => encode(plan.child, machine(), given))
//
// A process that moves into a group takes a lock for which the kernel waits until every processor has passed a quiet moment: 5
// to 20 ms. Who is born in it waits for nobody. @see CLONE_INTO_CGROUP in clone3(2)
import { closeSync } from 'node:fs'
import { open } from '../data/calls.ts'
import { O_CLOEXEC, O_PATH } from '../data/constants.ts'
import type { Plan } from '../data/isolation.ts'
import type { Given } from '../machine/encode.ts'
import { call } from './call.ts'

/**
 * @param body its arguments: the descriptor by the name that lists have for it, and by itself, if the plan has a group
 * @throws {SyscallError} if there is no such group
 */
export function withGroup<T>({ cgroup }: Plan, body: (given: Given, fd?: number) => T): T {
  if (cgroup === undefined) return body({})
  const fd = Number(call(open(cgroup, O_PATH | O_CLOEXEC)).value)
  try {
    return body({ [cgroup]: fd }, fd)
  } finally {
    closeSync(fd)
  }
}
