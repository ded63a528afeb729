// What this runtime understands, told to engines that ask: `features`.
//
//   features()   → { ociVersionMin: '1.0.0', hooks: ['prestart', …], mountOptions: ['async', …], linux: { … } }
//
// Invariant: every word listed has been put to the parser that reads it; so the list cannot promise what is refused.
// @see OCI runtime spec, features.md, features-linux.md
import { parseOptions } from '@pocker/mount'
import { ACTIONS, OPERATORS, parseSeccomp, readArchitecture } from '@pocker/privileges'
import { CAP } from '@pocker/syscalls'
import { NAMESPACES } from './linux.ts'
import { HOOKS, NEWEST, OLDEST } from './schema.ts'

const words = (text: string): string[] => text.trim().split(/\s+/)

/** All that the spec names, ours or not. @see config-linux.md, "Linux mount options" */
const MOUNT_OPTIONS = words(`async atime bind defaults dev diratime dirsync exec idmap iversion lazytime loud mand noatime nodev
  nodiratime noexec noiversion nolazytime nomand norelatime nostrictatime nosuid nosymfollow private ratime rbind rdev rdiratime
  relatime remount rexec ridmap rnoatime rnodev rnodiratime rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow ro rprivate
  rrelatime rro rrw rshared rslave rstrictatime rsuid rsymfollow runbindable rw shared silent slave strictatime suid symfollow
  sync tmpcopyup unbindable`)

const ARCHITECTURES = words(`AARCH64 ARM LOONGARCH64 M68K MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PARISC PARISC64 PPC
  PPC64 PPC64LE RISCV64 S390 S390X SH SHEB X32 X86 X86_64`).map((name) => `SCMP_ARCH_${name}`)

const FILTER_FLAGS = words('LOG SPEC_ALLOW TSYNC WAIT_KILLABLE_RECV').map((name) => `SECCOMP_FILTER_FLAG_${name}`)

/** Those of every file system, which the kernel itself takes; and those that change nothing. */
const GENERAL = new Set(words(`async dirsync iversion lazytime loud mand noiversion nolazytime nomand norelatime nostrictatime
  silent sync`))

/** Another word that is in no table goes to the file system as it is. */
const isMountOption = (word: string): boolean => GENERAL.has(word) || parseOptions([word]).data.length === 0

const isArchitecture = (name: string): boolean => accepts(() => readArchitecture('architecture', name))
const isFilterFlag = (name: string): boolean => accepts(() => parseSeccomp({ defaultAction: 'SCMP_ACT_ALLOW', flags: [name] }))

function accepts(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch {
    return false
  }
}

export function features(): object {
  const [off, flags] = [{ enabled: false }, FILTER_FLAGS.filter(isFilterFlag)]
  return {
    ociVersionMin: OLDEST,
    ociVersionMax: NEWEST,
    hooks: HOOKS,
    mountOptions: MOUNT_OPTIONS.filter(isMountOption),
    linux: {
      namespaces: NAMESPACES.toSorted(),
      capabilities: Object.keys(CAP),
      cgroup: { v1: true, v2: true, systemd: false, systemdUser: false, rdma: false },
      seccomp: {
        enabled: true, actions: Object.keys(ACTIONS).toSorted(), operators: OPERATORS.toSorted(),
        archs: ARCHITECTURES.filter(isArchitecture), knownFlags: flags, supportedFlags: flags,
      },
      apparmor: off, selinux: off, intelRdt: off,
      mountExtensions: { idmap: off },
      netDevices: off,
    },
    potentiallyUnsafeConfigAnnotations: [],
  }
}
