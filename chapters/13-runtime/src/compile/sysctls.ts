// Parameters of the kernel that a namespace has for itself, such as net.ipv4.ip_forward.
//
//   sysctls(spec)   → open, write, close for each
//
// Invariant: written through the host's /proc, before any file of the image is in sight (CVE-2025-52881). The kernel decides
// by who writes, not by whose /proc it is; and the reader of the config lets no other parameter through than those of
// namespaces that are the container's own.
import { writeTo } from '@pocker/cgroup'
import type { Isolation } from '@pocker/syscalls'
import type { Spec } from '../spec/schema.ts'
import { sysctlPath } from '../spec/sysctl.ts'

export const sysctls = ({ linux }: Spec): Isolation => ({
  name: 'sysctl',
  child: Object.entries(linux?.sysctl ?? {}).flatMap(([key, value]) => writeTo(sysctlPath(key), value)),
})
