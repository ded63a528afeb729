// A root file system, made from a list of files.
import type { Isolation } from '@pocker/syscalls'

export interface File {
  /** As the container names it: absolute, and it may hold `..`. */
  readonly path: string
  readonly text: string
}

/**
 * The container's root and working directory are this directory, and the files are in it. Directories that are missing are
 * made. Nothing outside of the root is made or changed, whatever paths the files have, and wherever symbolic links in the
 * root lead to.
 * @param root the path of a directory, which is there
 * @param files none of which is there
 */
export function furnished(root: string, files: readonly File[]): Isolation {
  throw new Error(`TODO: return an isolation that makes ${files.length} files in ${root}, and makes it the root`)
}
