// Who the program runs as: a user, his group, and further groups.
//
//   identity({ uid: 1000, gid: 1000, additionalGids: [27] })                 → the isolation
//   resolveUser('www-data:adm', { passwd, group })                           → the numbers
//   accountFiles('/srv/rootfs')                                              → the container's own /etc/passwd and /etc/group
//
// Invariant: names mean what the container's files say, never the host's; and these are read within the container's root,
// wherever a symbolic link in it points.
import { closeSync, fstatSync, readFileSync } from 'node:fs'
import {
  because, call, callAll, close, keepCapabilities, noGroups, O_CLOEXEC, O_NONBLOCK, O_PATH, O_RDONLY, open, OPEN_HOW,
  RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS, setgroups, setresgid, setresuid, SpecError, SyscallError, type Isolation,
} from '@pocker/syscalls'

/** @see OCI runtime spec, config.md, "POSIX-platform User" */
export interface Identity {
  readonly uid: number
  readonly gid: number
  readonly additionalGids?: readonly number[]
  /** setgroups is denied: an owner's own user namespace. */
  readonly groupsDenied?: boolean
}

/** Ids are 32 bits, and the highest stands for none. */
const NONE = 2 ** 32 - 1

/** Within the root, and through no link of /proc. */
const RESOLVE = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS

/** @throws {SpecError} if a number is none */
// region identity
export function identity({ uid, gid, additionalGids = [], groupsDenied = false }: Identity): Isolation {
  for (const id of [uid, gid, ...additionalGids]) {
    if (Number.isSafeInteger(id) && id >= 0 && id < NONE) continue
    throw new SpecError(`user: expected ids from 0 to ${NONE - 1}, got ${id}`)
  }
  const groups = additionalGids.length > 0 ? setgroups(additionalGids) : noGroups()
  return {
    name: 'user',
    child: [
      because('or the change of user would empty all sets', keepCapabilities()),
      ...(groupsDenied ? [] : [because('not the caller\'s groups', groups)]),
      because('the group first: a user who is not root may change none', setresgid(gid)),
      setresuid(uid),
    ],
  }
}
// endregion

export interface Accounts { readonly passwd: string; readonly group: string }
export interface Resolved extends Identity { readonly additionalGids: readonly number[]; readonly home: string }

interface Row { readonly name: string; readonly id: number; readonly fields: readonly string[] }

const isNumber = (text: string | undefined): boolean => /^\d{1,10}$/.test(text ?? '')

/** Lines that are none are passed over, as the C library does. @param ids which fields are numbers. @see passwd(5), group(5) */
const rows = (text: string, ...ids: readonly number[]): Row[] => text.split('\n').flatMap((line) => {
  const fields = line.split(':')
  const [name = '', , id] = fields
  return name && ids.every((i) => isNumber(fields[i])) ? [{ name, id: Number(id), fields }] : []
})

/**
 * @param text USER[:GROUP], each a name or a number; empty for root
 * @param add further groups, likewise
 * @throws {SpecError} if a name is in neither file
 */
// region resolveUser
export function resolveUser(text: string, { passwd, group }: Accounts, add: readonly string[] = []): Resolved {
  const [userText = '', groupText, ...rest] = text.split(':')
  if (rest.length > 0) throw new SpecError(`--user: expected USER or USER:GROUP, got ${JSON.stringify(text)}`)
  const [users, groups] = [rows(passwd, 2, 3), rows(group, 2)]
  const wanted = userText || '0'
  const user = find(users, wanted)
  const uid = user?.id ?? numeric('--user', wanted, 'passwd')
  const gidOf = (flag: string, name: string): number => find(groups, name)?.id ?? numeric(flag, name, 'group')
  const gid = groupText ? gidOf('--user', groupText) : Number(user?.fields[3] ?? 0)
  // A group that is named stands alone; otherwise all that the user is a member of.
  const member = groupText || !user ? [] : groups.filter(({ fields }) => fields[3]?.split(',').includes(user.name))
  // His own group, too: a setgid program has another one instead, and would be let in where this one is kept out (CVE-2022-36109).
  const all = new Set([gid, ...member.map(({ id }) => id), ...add.map((name) => gidOf('--group-add', name))])
  return { uid, gid, additionalGids: [...all].toSorted((a, b) => a - b), home: user?.fields[5] || '/' }
}
// endregion

/** A number is an id, even where somebody's name is one: whoever writes 1000 does not mean an image's root of that name. */
const find = (all: readonly Row[], text: string): Row | undefined =>
  all.find(({ name, id }) => (isNumber(text) ? id === Number(text) : name === text))

function numeric(flag: string, text: string, file: string): number {
  if (isNumber(text) && Number(text) < NONE) return Number(text)
  throw new SpecError(`${flag}: expected a number, or a name in the container's /etc/${file}, got ${JSON.stringify(text)}`)
}

/** More than any real one has, in bytes. */
const LARGEST = 1024 * 1024

/** @returns the texts; empty where the file is missing. @throws {SpecError} if it is too large, or no file */
export function accountFiles(rootfs: string): Accounts {
  return { passwd: readWithin(rootfs, '/etc/passwd'), group: readWithin(rootfs, '/etc/group') }
}

/** The way is walked by openat2 within the root; O_NONBLOCK, for it may be a pipe that nobody writes to. */
// region readWithin
function readWithin(rootfs: string, path: string): string {
  const root = Number(call(open(rootfs, O_PATH | O_CLOEXEC)).value)
  try {
    const how = { flags: O_RDONLY | O_CLOEXEC | O_NONBLOCK, resolve: RESOLVE }
    const fd = Number(callAll([{ call: 'openat2', args: [root, path, how, OPEN_HOW.size] }])[0]?.value)
    try {
      const found = fstatSync(fd)
      if (found.isFile() && found.size <= LARGEST) return readFileSync(fd, 'utf8')
      throw new SpecError(`${path}: expected a file of at most ${LARGEST} bytes in ${rootfs}`)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'ENOENT') return ''
    throw error
  } finally {
    call(close(root))
  }
}
// endregion
