// Kernel parameters: which of them belong to a namespace, and so to a container.
//
//   sysctlPath('net.ipv4.ip_forward')     → '/proc/sys/net/ipv4/ip_forward'
//   sysctlOwner('net.ipv4.ip_forward')    → 'network'
//
// Invariant: a path has no `..` in it, and a parameter of the whole machine has no owner.
import type { NamespaceSpec } from './schema.ts'

/** @see namespaces(7), ipc_namespaces(7), network_namespaces(7) */
const OWNERS: readonly (readonly [RegExp, NamespaceSpec['type']])[] = [
  [/^net\//, 'network'],
  [/^fs\/mqueue\//, 'ipc'],
  [/^kernel\/(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)$/, 'ipc'],
  [/^kernel\/domainname$/, 'uts'],
]

/** Whichever of dot and slash comes first separates; the other then stands for it within a name: `net/ipv4/conf/eth0.100/…` */
function steps(key: string): string[] {
  const separator = /[./]/.exec(key)?.[0] ?? '.'
  return separator === '/'
    ? key.split('/')
    : key.split('.').map((step) => step.replaceAll('/', '.'))
}

/** @see sysctl(8) */
export const sysctlPath = (key: string): string => `/proc/sys/${steps(key).join('/')}`

/** @returns the namespace that isolates the parameter; nothing if none does, or if the name leads elsewhere */
export function sysctlOwner(key: string): NamespaceSpec['type'] | undefined {
  if (steps(key).some((step) => ['', '.', '..'].includes(step))) return undefined
  const name = steps(key).join('/')
  return OWNERS.find(([pattern]) => pattern.test(name))?.[1]
}
