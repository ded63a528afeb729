// The config.json that every row begins with: a shell, its own namespaces, and the file systems that the spec names.
//
//   baseConfig('/pocker/conformance/web')   → to be changed by a row
//
// ociVersion is 1.0.2, as an old crun takes no later one.

/** Written loosely: rows say wrong things on purpose. */
export interface Config {
  ociVersion: string
  process: Process
  root: { path: string; readonly?: boolean }
  mounts: Mount[]
  linux: { namespaces: { type: string; path?: string }[]; [field: string]: unknown }
  hooks?: Partial<Record<string, Hook[]>>
  [field: string]: unknown
}
export interface Process {
  cwd: string
  args: string[]
  env: string[]
  user: { uid: number; gid: number; umask?: number; additionalGids?: number[] }
  [field: string]: unknown
}
export interface Mount { destination: string; type?: string; source?: string; options?: string[] }
export interface Hook { path: string; args?: string[]; env?: string[]; timeout?: number }

const CAPABILITIES = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_MKNOD', 'CAP_KILL', 'CAP_SETGID', 'CAP_SETUID']

export const MOUNTS: readonly Mount[] = [
  { destination: '/proc', type: 'proc', source: 'proc' },
  { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
  { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'] },
  { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'] },
  { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
]

export const baseConfig = (cgroupsPath: string): Config => structuredClone({
  ociVersion: '1.0.2',
  process: {
    cwd: '/', args: ['/bin/sh', '-c', 'exit 0'], env: ['PATH=/bin:/sbin:/usr/bin:/usr/sbin'], user: { uid: 0, gid: 0 },
    capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
  },
  root: { path: 'rootfs' },
  mounts: [...MOUNTS],
  linux: { cgroupsPath, namespaces: ['pid', 'network', 'mount', 'ipc', 'uts'].map((type) => ({ type })) },
})

/** Takes a namespace out of the list, or puts it in. */
export function namespace(config: Config, type: string, entry?: { type: string; path?: string }): void {
  config.linux.namespaces = [...config.linux.namespaces.filter((one) => one.type !== type), ...(entry ? [entry] : [])]
}

export const FIRST_ID = 100_000

/** A user namespace of 65536 ids. */
export function userNamespace(config: Config): void {
  namespace(config, 'user', { type: 'user' })
  const map = [{ containerID: 0, hostID: FIRST_ID, size: 65536 }]
  Object.assign(config.linux, { uidMappings: map, gidMappings: map })
}
