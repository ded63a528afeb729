// The words of `podman run`, which Docker's daemon takes as options: --userns, --uidmap, --gidmap.
//
//   parseUserns('auto')          → 'auto'
//   parseIdMap('--uidmap', '0:100000:65536')   → { containerID: 0, hostID: 100000, size: 65536 }
//
// Invariant: pure. Whether the ids are the caller's is for choose.ts and the kernel to say.
import { SpecError } from '@pocker/syscalls'
import type { IdMapping } from './user.ts'

/** `host`: no user namespace. `auto`: ids from /etc/subuid. */
export type UsernsMode = 'host' | 'auto'

/** @throws {SpecError} */
export function parseUserns(text: string): UsernsMode {
  if (text === 'host' || text === 'auto') return text
  throw new SpecError(`--userns: expected host or auto, got ${JSON.stringify(text)}`)
}

/** @param text CONTAINER:HOST[:SIZE], SIZE 1 if it is not said. @throws {SpecError} */
export function parseIdMap(flag: string, text: string): IdMapping {
  const [, containerID, hostID, size = '1'] = /^(\d+):(\d+)(?::(\d+))?$/.exec(text) ?? []
  if (containerID === undefined) {
    throw new SpecError(`${flag}: expected CONTAINER:HOST:SIZE such as 0:100000:65536, got ${JSON.stringify(text)}`)
  }
  return { containerID: Number(containerID), hostID: Number(hostID), size: Number(size) }
}
