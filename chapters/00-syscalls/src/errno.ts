// Errors of the kernel. A system call answers -errno; this turns the number into a name and a sentence.
//
//   new SyscallError('mount', 1)   → mount: EPERM (operation not permitted)
//   SpecError                      → the caller asked for something that cannot be
//
// The numbers are those of <asm-generic/errno-base.h> and <asm-generic/errno.h>, equal on x86-64 and arm64.

const TABLE: readonly string[] = `
EPERM operation not permitted|ENOENT no such file or directory|ESRCH no such process|EINTR interrupted system call
EIO input/output error|ENXIO no such device or address|E2BIG argument list too long|ENOEXEC exec format error
EBADF bad file descriptor|ECHILD no child processes|EAGAIN resource temporarily unavailable|ENOMEM cannot allocate memory
EACCES permission denied|EFAULT bad address|ENOTBLK block device required|EBUSY device or resource busy|EEXIST file exists
EXDEV invalid cross-device link|ENODEV no such device|ENOTDIR not a directory|EISDIR is a directory
EINVAL invalid argument|ENFILE too many open files in system|EMFILE too many open files
ENOTTY inappropriate ioctl for device|ETXTBSY text file busy|EFBIG file too large|ENOSPC no space left on device
ESPIPE illegal seek|EROFS read-only file system|EMLINK too many links|EPIPE broken pipe
EDOM numerical argument out of domain|ERANGE numerical result out of range|EDEADLK resource deadlock avoided
ENAMETOOLONG file name too long|ENOLCK no locks available|ENOSYS function not implemented|ENOTEMPTY directory not empty
ELOOP too many levels of symbolic links
`.trim().split(/[|\n]/)

/** Those above 40, where the numbering has gaps. */
const SPARSE: Readonly<Record<number, string>> = {
  42: 'ENOMSG no message of desired type', 61: 'ENODATA no data available', 71: 'EPROTO protocol error',
  75: 'EOVERFLOW value too large for defined data type', 87: 'EUSERS too many users',
  88: 'ENOTSOCK socket operation on non-socket', 90: 'EMSGSIZE message too long', 92: 'ENOPROTOOPT protocol not available',
  93: 'EPROTONOSUPPORT protocol not supported', 95: 'EOPNOTSUPP operation not supported',
  97: 'EAFNOSUPPORT address family not supported by protocol', 98: 'EADDRINUSE address already in use',
  99: 'EADDRNOTAVAIL cannot assign requested address', 100: 'ENETDOWN network is down',
  101: 'ENETUNREACH network is unreachable', 103: 'ECONNABORTED software caused connection abort',
  104: 'ECONNRESET connection reset by peer', 105: 'ENOBUFS no buffer space available',
  107: 'ENOTCONN transport endpoint is not connected', 110: 'ETIMEDOUT connection timed out',
  111: 'ECONNREFUSED connection refused', 113: 'EHOSTUNREACH no route to host', 114: 'EALREADY operation already in progress',
  115: 'EINPROGRESS operation now in progress', 116: 'ESTALE stale file handle', 122: 'EDQUOT disk quota exceeded',
  125: 'ECANCELED operation canceled', 126: 'ENOKEY required key not available',
}

/** @returns name and sentence of an errno, as strerror(3) says it, in lower case */
export function errnoText(errno: number): { name: string; text: string } {
  const line = TABLE[errno - 1] ?? SPARSE[errno] ?? `E${errno} unknown error ${errno}`
  const [name = '', ...words] = line.split(' ')
  return { name, text: words.join(' ') }
}

const LAST = 133
const NUMBERS = new Map(Array.from({ length: LAST }, (_, i) => [errnoText(i + 1).name, i + 1]))

/** @returns 2 for `ENOENT`; undefined for a name that is none */
export const errnoNumber = (name: string): number | undefined => NUMBERS.get(name)

/** A system call that failed. @see errno(3) */
export class SyscallError extends Error {
  override readonly name: string = 'SyscallError'
  readonly errno: number
  /** The symbolic name, such as `EPERM`. */
  readonly code: string
  /** The kernel's reason in words. */
  readonly text: string
  /** The call as it was made, strace-like. */
  readonly call: string

  constructor(call: string, errno: number, options?: ErrorOptions) {
    const { name, text } = errnoText(errno)
    super(`${call}: ${name} (${text})`, options)
    this.call = call
    this.errno = errno
    this.code = name
    this.text = text
  }
}

/** What came, for an error that says what was expected. Data from outside can lie deeper than JSON.stringify goes. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'bigint') return String(value)
  try {
    return JSON.stringify(value) ?? typeof value
  } catch {
    return typeof value
  }
}

/** The caller asked for something that cannot be: a name too long, a root that is no directory. */
export class SpecError extends Error {
  override readonly name: string = 'SpecError'
  readonly code: string = 'ESPEC'
}
