// exercise: configured
// wrong: leaves the further groups of whoever starts it
// score: 6
// says: expected no further group, got 6
import { chdir, command, mayFail, mkdir, setresgid, setresuid, type Isolation, type Syscall } from '@pocker/syscalls'

interface Configured {
  readonly Entrypoint?: readonly string[] | null
  readonly Cmd?: readonly string[] | null
  readonly Env?: readonly string[] | null
  readonly WorkingDir?: string | null
  readonly User?: string | null
}

export function configured({ config, words }: { config: Configured; words: readonly string[] }): Isolation {
  const { Entrypoint, Cmd, Env, WorkingDir, User } = config
  const argv = [...Entrypoint ?? [], ...(words.length > 0 ? words : Cmd ?? [])]
  return {
    name: 'configured',
    child: [
      ...directory(WorkingDir || '/'),
      ...user(User || '0'),
      ...command({ argv, env: Env ?? [] }).child ?? [],
    ],
  }
}

const directory = (path: string): Syscall[] => [
  ...path.split('/').filter(Boolean).map((_, i, parts) => mayFail(mkdir(`/${parts.slice(0, i + 1).join('/')}`, 0o755), 'EEXIST')),
  chdir(path),
]

function user(text: string): Syscall[] {
  const [uid = 0, gid = 0] = text.split(':').map(Number)
  return [setresgid(gid), setresuid(uid)]
}
