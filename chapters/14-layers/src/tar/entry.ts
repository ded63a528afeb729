// What an archive holds, whatever its dialect was.
import { SpecError } from '@pocker/syscalls'

export type EntryType = 'file' | 'link' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo'

export interface Entry {
  /** As it was written: nobody has looked yet at where it leads. */
  readonly path: string
  readonly type: EntryType
  /** Permissions, with setuid, setgid and sticky. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes of the file, holes included; 0 for all but files. */
  readonly size: number
  /** Nanoseconds since 1970. */
  readonly mtime: bigint
  /** Of a symlink, its text; of a link, the path of an earlier entry. Empty otherwise. */
  readonly target: string
  /** Of devices. */
  readonly major: number
  readonly minor: number
  /** By full name, such as `security.capability`. */
  readonly xattrs: Readonly<Record<string, Buffer>>
  /** Where the file has data, if it has holes: in order, and within its size. */
  readonly segments?: readonly Segment[]
}

export interface Segment { readonly offset: number; readonly size: number }

export const BLOCK = 512
/** @returns bytes up to the next whole block */
export const padding = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK

/** An archive that is damaged, or that lies. */
export class ArchiveError extends SpecError {
  constructor(what: string, options?: ErrorOptions) {
    super(`archive: ${what}`, options)
  }
}
