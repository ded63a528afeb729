// The system calls that only a runtime makes: for terminals, for processes held by descriptor, for what a monitor leaves.
//
//   sendDescriptor({ resultOf: 'console' }, 100, '/dev/pts/0')   → data, as in chapter 00
import {
  AF_UNIX, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, IOPRIO_WHO_PROCESS, KEYCTL_JOIN_SESSION_KEYRING, LOCK_EX,
  MSG_CMSG_CLOEXEC, O_CLOEXEC, O_NOCTTY, O_RDWR, SCM_RIGHTS, SOCK_CLOEXEC, SOCK_STREAM, SOL_SOCKET, TIOCGPTPEER, TIOCSCTTY,
  TIOCSPTLCK, TIOCSWINSZ, type Fd, type Syscall,
} from '@pocker/syscalls'

const bytes = (buffer: Buffer): { hex: string } => ({ hex: buffer.toString('hex') })
const int32 = (...values: number[]): Buffer => Buffer.from(Int32Array.from(values).buffer)

/** A process as a descriptor: its number may be given to another one, the descriptor never is. @see pidfd_open(2) */
export const pidfdOpen = (pid: number): Syscall => ({ call: 'pidfd_open', args: [pid, 0] })
export const pidfdSendSignal = (pidfd: Fd, signal: number): Syscall => ({ call: 'pidfd_send_signal', args: [pidfd, signal, 0, 0] })

/** @param buffer the name of an earlier step that filled one. @see pwrite(2) */
export const pwriteOut = (fd: Fd, buffer: string, count: number): Syscall =>
  ({ call: 'pwrite64', args: [fd, { outOf: buffer }, count, 0] })
/** Gives the memory behind a part of a file back. @see fallocate(2) */
export const punchHole = (fd: number, offset: number, length: number): Syscall =>
  ({ call: 'fallocate', args: [fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length] })
/** Waits for everybody else who holds it. @see flock(2) */
export const lockAlone = (fd: number): Syscall => ({ call: 'flock', args: [fd, LOCK_EX] })

/** @see ioctl_tty(2) */
export const unlockTerminal = (master: Fd): Syscall => ({ call: 'ioctl', args: [master, TIOCSPTLCK, bytes(int32(0))] })
/** The other end, without a path that somebody could swap. */
export const terminalPeer = (master: Fd): Syscall => ({ call: 'ioctl', args: [master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC] })
export const controllingTerminal = (fd: number): Syscall => ({ call: 'ioctl', args: [fd, TIOCSCTTY, 0] })
/** @param size in characters */
export const setWindowSize = (fd: Fd, { height, width }: { readonly height: number; readonly width: number }): Syscall =>
  ({ call: 'ioctl', args: [fd, TIOCSWINSZ, bytes(Buffer.from(Uint16Array.from([height, width, 0, 0]).buffer))] })

/** A stream to a socket in the file system. @see unix(7) */
export const unixSocket = (): Syscall => ({ call: 'socket', args: [AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0] })
/** struct sockaddr_un: the family, and the path. */
export function connectTo(socket: Fd, path: string): Syscall {
  const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(`${path}\0`)])
  return { call: 'connect', args: [socket, bytes(address), address.length] }
}

/** CMSG_SPACE(sizeof(int)) and CMSG_LEN(sizeof(int)) */
const [CMSG_SPACE, CMSG_LEN] = [24, 20]
/** A descriptor becomes the receiver's, too. @see unix(7), SCM_RIGHTS */
export function sendDescriptor(socket: Fd, fd: number, text: string): Syscall {
  const control = Buffer.concat([int32(CMSG_LEN, 0, SOL_SOCKET, SCM_RIGHTS, fd)], CMSG_SPACE)
  const data = Buffer.from(text)
  const message = {
    msg_name: 0, msg_namelen: 0, msg_iov: { iov_base: bytes(data), iov_len: data.length }, msg_iovlen: 1,
    msg_control: bytes(control), msg_controllen: control.length, msg_flags: 0,
  }
  return { call: 'sendmsg', args: [socket, message, 0] }
}

/** Two sockets, each the other's end. @see socketpair(2) */
export const socketPair = (): Syscall => ({ call: 'socketpair', args: [AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, { out: 8 }] })
/** One descriptor of the sender's; its number here is in the last bytes of the second buffer. */
export const receiveDescriptor = (socket: Fd): Syscall => {
  const message = {
    msg_name: 0, msg_namelen: 0, msg_iov: { iov_base: { out: 256 }, iov_len: 256 }, msg_iovlen: 1,
    msg_control: { out: CMSG_SPACE }, msg_controllen: CMSG_SPACE, msg_flags: 0,
  }
  return { call: 'recvmsg', args: [socket, message, MSG_CMSG_CLOEXEC] }
}
/** Of what receiveDescriptor() filled. */
export const descriptorIn = (control: Buffer): number => control.readInt32LE(CMSG_LEN - 4)

export const chown = (dir: Fd, name: string, uid: number, gid: number, flags: number): Syscall =>
  ({ call: 'fchownat', args: [dir, name, uid, gid, flags] })
/** Keys of its own: nobody else's can be read. @see keyctl(2), session-keyring(7) */
export const joinKeyring = (name: string): Syscall => ({ call: 'keyctl', args: [KEYCTL_JOIN_SESSION_KEYRING, name] })
/** @see personality(2) */
export const setPersonality = (persona: number): Syscall => ({ call: 'personality', args: [persona] })
/** @see ioprio_set(2): a class in the upper bits, a level from 0 to 7 in the lower */
export const setIoPriority = (level: number): Syscall => ({ call: 'ioprio_set', args: [IOPRIO_WHO_PROCESS, 0, level] })
export const setScheduler = (attr: Buffer): Syscall => ({ call: 'sched_setattr', args: [0, bytes(attr), 0] })
export const setAffinity = (mask: Buffer): Syscall => ({ call: 'sched_setaffinity', args: [0, mask.length, bytes(mask)] })
