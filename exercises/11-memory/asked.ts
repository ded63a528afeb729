// `docker run --cpus --mem`: from words to a group.
import type { Isolation } from '@pocker/syscalls'

/** A container's group: directories that are there. In version 2 they are one; in version 1 each controller has its own. */
export interface Group { readonly version: 1 | 2; readonly cpu: string; readonly memory: string }

/**
 * The container is in its group, which has the limits that the words ask for. What they do not ask for stays as it is.
 * @param words such as `['--cpus', '0.5', '--mem=64m']`
 * @returns an isolation whose work is done by the child
 * @throws {Error} for less than 0.01 processors, less than 6 MiB, and what is no number or no size: it begins with `--cpus: `
 * or `--mem: `, and ends with `, got ` and the value. For a word that is neither flag it ends with that word
 */
export function asked(group: Group, words: readonly string[]): Isolation {
  throw new Error(`TODO: return an isolation that limits ${group.memory} as asked: ${words.join(' ')}`)
}
