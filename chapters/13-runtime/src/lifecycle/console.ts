// The socket that a terminal is sent to.
import { closeSync } from 'node:fs'
import { call, callAll, SpecError } from '@pocker/syscalls'
import { connectTo, unixSocket } from '../calls.ts'

/** sizeof(sockaddr_un.sun_path) with its NUL. @see unix(7) */
const PATH_MAX = 108

/** @returns a descriptor that is connected to the socket in the file system. @throws {SpecError | SyscallError} */
export function connected(path: string): number {
  if (Buffer.byteLength(path) >= PATH_MAX) {
    throw new SpecError(`--console-socket: expected a path of at most ${PATH_MAX - 1} bytes, got ${Buffer.byteLength(path)}`)
  }
  const socket = Number(call(unixSocket()).value)
  try {
    callAll([connectTo(socket, path)])
    return socket
  } catch (error) {
    closeSync(socket)
    throw error
  }
}
