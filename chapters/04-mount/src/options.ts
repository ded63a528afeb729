// Mount options: the words of mount(8) and of the OCI runtime spec, and what the kernel makes of them.
//
//   parseOptions(['ro', 'nosuid', 'rslave', 'size=64m'])
//     → { set: RDONLY|NOSUID, clear: 0, propagation: MS_SLAVE, …, data: [['size', '64m']] }
//
// Invariant: a word that is not in the tables goes to the file system as its own parameter, and the kernel judges it.
import {
  MOUNT_ATTR__ATIME, MOUNT_ATTR_NOATIME, MOUNT_ATTR_NODEV, MOUNT_ATTR_NODIRATIME, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_NOSYMFOLLOW, MOUNT_ATTR_RDONLY, MOUNT_ATTR_STRICTATIME, MS_PRIVATE, MS_SHARED, MS_SLAVE, MS_UNBINDABLE, SpecError,
} from '@pocker/syscalls'

/** What one word sets and clears. @see mount_setattr(2) */
export interface Attribute { readonly set: number; readonly clear: number }

const sets = (bit: number): Attribute => ({ set: bit, clear: 0 })
const clears = (bit: number): Attribute => ({ set: 0, clear: bit })
/** How access times are kept is one choice of several: the old one is cleared with it. */
const atime = (value: number): Attribute => ({ set: value, clear: MOUNT_ATTR__ATIME })

/** @see OCI runtime spec, config-linux.md, "Linux mount options" */
const ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map(Object.entries({
  ro: sets(MOUNT_ATTR_RDONLY), rw: clears(MOUNT_ATTR_RDONLY),
  nosuid: sets(MOUNT_ATTR_NOSUID), suid: clears(MOUNT_ATTR_NOSUID),
  nodev: sets(MOUNT_ATTR_NODEV), dev: clears(MOUNT_ATTR_NODEV),
  noexec: sets(MOUNT_ATTR_NOEXEC), exec: clears(MOUNT_ATTR_NOEXEC),
  nodiratime: sets(MOUNT_ATTR_NODIRATIME), diratime: clears(MOUNT_ATTR_NODIRATIME),
  nosymfollow: sets(MOUNT_ATTR_NOSYMFOLLOW), symfollow: clears(MOUNT_ATTR_NOSYMFOLLOW),
  noatime: atime(MOUNT_ATTR_NOATIME), strictatime: atime(MOUNT_ATTR_STRICTATIME), relatime: atime(0), atime: atime(0),
}))

/** Where mounts made later appear as well. With an r in front or without, it is for all of a copy. @see mount_namespaces(7) */
const PROPAGATION: ReadonlyMap<string, number> = new Map(Object.entries({
  private: MS_PRIVATE, slave: MS_SLAVE, shared: MS_SHARED, unbindable: MS_UNBINDABLE,
}))

export interface Options {
  readonly set: number
  readonly clear: number
  /** The same for the mount and all below it, of a bind mount: rro, rnosuid, … */
  readonly all: Attribute
  /** MS_PRIVATE, …; 0 if none was asked for. */
  readonly propagation: number
  /** Whether a bind mount takes along what is mounted below its source. */
  readonly recursive: boolean
  readonly bind: boolean
  /** The file system's own parameters; a flag has no value. */
  readonly data: readonly (readonly [key: string, value?: string])[]
}

export function parseOptions(words: readonly string[]): Options {
  let [set, clear, propagation, recursive, bind] = [0, 0, 0, false, false]
  let all: Attribute = { set: 0, clear: 0 }
  const data: (readonly [string, string?])[] = []
  for (const word of words) {
    const attribute = ATTRIBUTES.get(word)
    const deep = attribute ? undefined : ATTRIBUTES.get(word.replace(/^r/, '')) // rro: on all that is mounted below as well
    const spread = propagationOf(word)
    if (attribute) {
      set = (set & ~attribute.clear) | attribute.set
      clear = (clear & ~attribute.set) | attribute.clear
    } else if (deep) {
      all = { set: (all.set & ~deep.clear) | deep.set, clear: (all.clear & ~deep.set) | deep.clear }
    } else if (spread) {
      propagation = spread
    } else if (word === 'bind' || word === 'rbind') {
      bind = true
      recursive = word === 'rbind'
    } else if (word !== 'defaults') {
      const [key = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(word)?.slice(1) ?? []
      data.push(value === undefined ? [key] : [key, value])
    }
  }
  return { set, clear, all, propagation, recursive, bind, data }
}

/** @returns the word that means the same for all mounts below, too: `rro` for `ro`; others as they are */
export const below = (word: string): string => (ATTRIBUTES.has(word) ? `r${word}` : word)

/** @returns MS_PRIVATE for `private` and `rprivate`, and so on; 0 for another word */
export const propagationOf = (word: string): number => PROPAGATION.get(word) ?? PROPAGATION.get(word.replace(/^r/, '')) ?? 0

/** @throws {SpecError} if the word is no propagation */
export function parsePropagation(what: string, word: string): number {
  const found = propagationOf(word)
  if (found) return found
  const names = [...PROPAGATION.keys()].flatMap((name) => [name, `r${name}`])
  throw new SpecError(`${what}: expected one of ${names.join(', ')}, got ${word}`)
}
