// Why this machine makes no user namespaces for an ordinary user, and what to do about it.
//
//   obstacles()   → [{ found: 'kernel.apparmor_restrict_unprivileged_userns is 1', remedy: 'sysctl …' }]
//
// Distributions forbid them in different ways, and the kernel answers EPERM, ENOSPC or EINVAL to all of them.
// Invariant: it only reads; a knob that this kernel does not have is no obstacle.
import { readFileSync } from 'node:fs'
import { choose, surroundings, type Obstacle, type Surroundings } from './choose.ts'

interface Knob {
  readonly name: string
  readonly forbids: (value: string) => boolean
  readonly wanted: string
  /** Where it is found. */
  readonly because: string
}

const KNOBS: readonly Knob[] = [
  {
    name: 'kernel.apparmor_restrict_unprivileged_userns', forbids: (value) => value === '1', wanted: '0',
    because: 'Ubuntu 23.10 and later: an unconfined program gets a user namespace without capabilities',
  },
  {
    name: 'kernel.unprivileged_userns_clone', forbids: (value) => value === '0', wanted: '1',
    because: 'Debian before 11, and hardened kernels',
  },
  { name: 'user.max_user_namespaces', forbids: (value) => value === '0', wanted: '15000', because: 'RHEL 7, hardening guides' },
]

/** @param read gives a file's text; undefined if there is none */
export function obstacles(
  read: (path: string) => string | undefined = fileText, who: Surroundings = surroundings(),
): Obstacle[] {
  const knobs = KNOBS.flatMap(({ name, forbids, wanted, because }): Obstacle[] => {
    const value = read(`/proc/sys/${name.replaceAll('.', '/')}`)?.trim()
    if (value === undefined || !forbids(value)) return []
    return [{ found: `${name} is ${value} (${because})`, remedy: `sysctl -w ${name}=${wanted}` }]
  })
  const { lacking } = who.uid === 0 ? {} : choose({}, who)
  return [...knobs, ...(lacking ? [lacking] : [])].map(({ found, remedy }) => ({ found, remedy: `as root: ${remedy}` }))
}

function fileText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
