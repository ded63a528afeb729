// The config.json that `spec` writes, to begin with: a shell in a directory named rootfs.
//
//   defaultSpec({ rootless: true })   → as for root, with a user namespace, and the host's network
//
// Invariant: readSpec takes it as it is, and so does runc. An old crun stops at the version.
import { ipcMounts } from '@pocker/ipc'
import { DEFAULT_MOUNTS, MASKED, READ_ONLY } from '@pocker/mount'
import { NEWEST, type NamespaceSpec, type Spec } from './schema.ts'

/** Few: what is run here comes from anywhere. runc's three. */
const CAPABILITIES = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE']

const CGROUP: NonNullable<Spec['mounts']>[number] = {
  destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['nosuid', 'noexec', 'nodev', 'relatime', 'ro'],
}

/** A sysfs belongs to a network namespace: without one of his own, an ordinary user may only bind the host's. */
const HOST_SYS: typeof CGROUP = {
  destination: '/sys', type: 'none', source: '/sys', options: ['rbind', 'nosuid', 'noexec', 'nodev', 'ro'],
}

/** As `runc spec` and `runc spec --rootless`. */
// region defaultSpec
export function defaultSpec({ rootless }: { readonly rootless: boolean }): Spec {
  return {
    ociVersion: NEWEST,
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ['sh'],
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm'],
      cwd: '/',
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
      rlimits: [{ type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: true },
    hostname: 'pocker',
    mounts: [...DEFAULT_MOUNTS, ...ipcMounts({ mode: 'private' }), CGROUP].map((mount) =>
      (rootless && mount.destination === '/sys' ? HOST_SYS : mount)),
    linux: {
      ...(rootless ? ownIds() : { resources: { devices: [{ allow: false, access: 'rwm' }] } }),
      namespaces: namespaces(rootless).map((type) => ({ type })),
      // A slash at the end is our own way to mark a directory.
      maskedPaths: MASKED.map((path) => path.replace(/\/$/, '')),
      readonlyPaths: READ_ONLY,
    },
  }
}
// endregion

const namespaces = (rootless: boolean): NamespaceSpec['type'][] =>
  ['pid', rootless ? 'user' : 'network', 'ipc', 'uts', 'mount', 'cgroup']

/** Whoever asks becomes root inside. */
const ownIds = (): Pick<NonNullable<Spec['linux']>, 'uidMappings' | 'gidMappings'> => ({
  uidMappings: [{ containerID: 0, hostID: process.geteuid?.() ?? 0, size: 1 }],
  gidMappings: [{ containerID: 0, hostID: process.getegid?.() ?? 0, size: 1 }],
})
