// The half of IPC that is files: /dev/shm, where POSIX shared memory lies, and /dev/mqueue, which shows message queues.
//
//   ipcMounts({ mode: 'private', shmSize: 65536 })   → entries behind DEFAULT_MOUNTS
//   joinedShm({ mode: { join: 42 } })                → behind mounts(): the /dev/shm of process 42; otherwise nothing
//
// A mount can be copied only from within its own mount namespace. So to share another container's /dev/shm, a process
// between us and the new container makes the copy over there, and brings it home as a descriptor.
// Invariant: the other container may be hostile. Its /dev/shm is looked up within its root, magic links refused; so a
// symbolic link in it leads to its own files, never to the host's; and what is masked there stays masked.
import { below, type Mount } from '@pocker/mount'
import {
  because, chroot, CLONE_NEWNS, dieWithParent, fchdir, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID,
  moveMount, MS_PRIVATE, O_CLOEXEC, O_PATH, O_RDONLY, open, openInRoot, openTree, setMountAttributes, setns, SpecError,
  type Isolation, type Syscall,
} from '@pocker/syscalls'
import { processNumber, type IpcMode } from './ipc.ts'

/** Docker's, in bytes: 64 MiB. */
export const SHM_SIZE = 64 * 1024 * 1024

/** `shmSize` in bytes; the kernel rounds it up to whole pages. */
export interface IpcSpec { readonly mode: IpcMode; readonly shmSize?: number }

const SAFE = ['nosuid', 'nodev', 'noexec']
const SHM = '/dev/shm'

/** @throws {SpecError} if the size is none: 0 would mean no limit to a tmpfs. @see tmpfs(5), mq_overview(7) */
// region mounts
export function ipcMounts({ mode, shmSize = SHM_SIZE }: IpcSpec): readonly Mount[] {
  if (!Number.isSafeInteger(shmSize) || shmSize < 1) {
    throw new SpecError(`shmSize: expected a number of bytes above 0, got ${shmSize}`)
  }
  // Whoever mounts it sees the queues of the namespace that he is in. So this one entry is right for every mode.
  const queues: Mount = { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: SAFE }
  if (mode === 'none' || typeof mode === 'object') return [queues]
  const memory: Mount = mode === 'host'
    ? { destination: SHM, type: 'bind', source: SHM, options: ['rbind', ...SAFE.map(below)] }
    : { destination: SHM, type: 'tmpfs', source: 'shm', options: [...SAFE, 'mode=1777', `size=${shmSize}`] }
  return [memory, queues]
}
// endregion

/**
 * Comes behind mounts(): what is attached goes into the root that those made. Without it the plan is refused, or the
 * mount would cover the host's own /dev/shm.
 * @throws {SpecError} if `join` is no process number
 */
// region joined
export function joinedShm({ mode }: Pick<IpcSpec, 'mode'>): Isolation {
  if (typeof mode === 'string') return { name: 'shm' }
  return {
    name: 'shm',
    before: [because('it must not outlive its parent either', dieWithParent()), ...copyOf(processNumber(mode.join))],
    child: [
      { ...because('in the container\'s own root', openInRoot({ resultOf: 'root' }, SHM)), as: 'our shm' },
      because('the same memory in both', moveMount({ resultOf: 'shm' }, { resultOf: 'our shm' })),
    ],
  }
}
// endregion

/** Steps that leave a copy of the process's /dev/shm, attached nowhere, under the name `shm`. */
// region copy
function copyOf(pid: number): Syscall[] {
  const [place, read] = [O_PATH | O_CLOEXEC, O_RDONLY | O_CLOEXEC]
  const attributes = { set: MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, propagation: MS_PRIVATE }
  return [
    { ...because('what is / for the other', open(`/proc/${pid}/root`, place)), as: 'their root' },
    { ...because('wherever a link in it points', openInRoot({ resultOf: 'their root' }, SHM)), as: 'their shm' },
    { ...open(`/proc/${pid}/ns/mnt`, read), as: 'their mounts' },
    { ...because('the way back', open('/proc/self/ns/mnt', read)), as: 'our mounts' },
    { ...open('/', place), as: 'our root' },
    { ...open('.', place), as: 'our directory' },
    because('a mount is copied only from within its namespace', setns({ resultOf: 'their mounts' }, CLONE_NEWNS)),
    { ...because('and whatever covers a part of it', openTree({ resultOf: 'their shm' }, '', true)), as: 'shm' },
    because('back', setns({ resultOf: 'our mounts' }, CLONE_NEWNS)),
    because('setns put root and working directory to the top', fchdir({ resultOf: 'our root' })),
    chroot('.'),
    fchdir({ resultOf: 'our directory' }),
    setMountAttributes({ resultOf: 'shm' }, attributes, true),
  ]
}
// endregion
