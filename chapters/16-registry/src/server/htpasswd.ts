// Who may come in: the lines of a htpasswd file, with bcrypt.
//
//   const admits = htpasswd('/etc/pocker/htpasswd')
//   await admits({ username: 'alice', password: '…' })   → true      (made by: htpasswd -nbB alice …)
//
// Invariant: a name that is not in the file takes as long as a wrong password.
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { compare, truncates } from 'bcryptjs'
import { SpecError } from '@pocker/syscalls'

interface Credentials { readonly username: string; readonly password: string }
export type Admits = (credentials: Credentials) => Promise<boolean>

/** Answers that are kept, since bcrypt is slow, as it should be. */
const MOST_KEPT = 1000

/** @throws {SpecError} if the file cannot be read, or has another kind of password */
export function htpasswd(file: string): Admits {
  let [users, version] = [new Map<string, string>(), '']
  const kept = new Set<string>()
  const refresh = (): void => {
    const { mtimeMs, size, ino } = statSync(file)
    if (version === `${mtimeMs} ${size} ${ino}`) return
    users = parse(file)
    version = `${mtimeMs} ${size} ${ino}`
    kept.clear()
  }
  refresh()
  return async ({ username, password }) => {
    refresh()
    const key = createHash('sha256').update(`${username}\0${password}`).digest('base64')
    if (kept.has(key)) return true
    const [hash, asked, [other = '']] = [users.get(username), version, [...users.values()]] // htpasswd's cost is 5, others' is 10
    const isRight = !truncates(password) && await compare(password, hash ?? other) && hash !== undefined
    if (isRight && asked === version && kept.size < MOST_KEPT) kept.add(key)
    return isRight
  }
}

function parse(file: string): Map<string, string> {
  const users = new Map<string, string>()
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const [, name, hash] = /^([^:]+):(\$2[aby]\$\d\d\$[./A-Za-z0-9]{53})\s*$/.exec(line) ?? []
    if (!name || !hash) throw new SpecError(`${file}: line ${index + 1}: expected NAME:HASH with bcrypt, as of htpasswd -B`)
    users.set(name, hash)
  }
  return users
}
