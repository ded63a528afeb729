// Namespaces that exist already: entered by the file that stands for them.
//
//   enter('/proc/42/ns/ipc', CLONE_NEWIPC)   → three steps
//
// Invariant: the file is opened where the steps run, so they come before the root changes.
import { close, open, setns } from './calls.ts'
import { CLONE, O_CLOEXEC, O_RDONLY } from './constants.ts'
import { because, type Syscall } from './syscall.ts'

/**
 * @param path `/proc/PID/ns/TYPE`, or where such a file is bound to
 * @param type CLONE_NEW*: what the file must be
 * @see setns(2), namespaces(7)
 */
// region enter
export function enter(path: string, type: bigint, why: string): Syscall[] {
  const name = Object.keys(CLONE).find((key) => CLONE[key] === type) ?? String(type)
  return [
    { ...open(path, O_RDONLY | O_CLOEXEC), as: name },
    because(why, setns({ resultOf: name }, type)),
    close({ resultOf: name }),
  ]
}
// endregion
