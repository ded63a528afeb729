// An ordinary user for a test, who exists for one program only.
//
//   asUser(['id'], { subordinate: true })   → what spawnSync gives
//
// The user stands in copies of /etc/passwd, group, subuid and subgid, which lie over the real ones in a mount namespace of
// the program's own. So nothing has to be taken back, even if the test is killed.
import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { appendFileSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const USER = { name: 'pocker-student', uid: 61_234, gid: 61_235, subordinate: { start: 700_000_000, size: 65_536 } } as const

export interface Person {
  /** Whether /etc/subuid and /etc/subgid have a line for him. */
  readonly subordinate: boolean
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a program as that user, with an empty home directory; `home` may be looked at by `inspect` before it is removed. */
export function asUser(
  words: readonly string[], { subordinate, env = {} }: Person, inspect: (home: string) => void = () => {},
): SpawnSyncReturns<string> {
  const dir = mkdtempSync(join(tmpdir(), 'pocker-user-'))
  const { name, uid, gid } = USER
  try {
    const home = join(dir, 'home')
    mkdirSync(home)
    chownSync(home, uid, gid)
    const lines = {
      passwd: `${name}:x:${uid}:${gid}::${home}:/bin/sh\n`, group: `${name}:x:${gid}:\n`,
      ...Object.fromEntries(['subuid', 'subgid'].map((file) =>
        [file, subordinate ? `${name}:${USER.subordinate.start}:${USER.subordinate.size}\n` : ''])),
    }
    const binds = Object.entries(lines).map(([file, line]) => {
      const [copy, real] = [join(dir, file), join('/etc', file)]
      if (!existsSync(real)) writeFileSync(real, '')
      copyFileSync(real, copy)
      appendFileSync(copy, line)
      return `mount --bind ${copy} ${real}`
    })
    const become = `exec setpriv --reuid=${uid} --regid=${gid} --clear-groups --inh-caps=-all "$@"`
    const script = [`chmod 755 ${dir}`, ...binds, 'cd /', become].join(' && ')
    const result = spawnSync('unshare', ['--mount', 'sh', '-c', script, 'sh', ...words], {
      encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', HOME: home, ...env },
    })
    inspect(home)
    return result
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
