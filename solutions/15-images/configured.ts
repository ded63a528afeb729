// What an image says about how it is run, as an isolation.
import {
  because, chdir, command, mayFail, mkdir, setgroups, setresgid, setresuid, type Isolation, type Syscall,
} from '@pocker/syscalls'

interface Configured {
  readonly Entrypoint?: readonly string[] | null
  readonly Cmd?: readonly string[] | null
  readonly Env?: readonly string[] | null
  readonly WorkingDir?: string | null
  readonly User?: string | null
}

export function configured({ config, words }: { config: Configured; words: readonly string[] }): Isolation {
  const { Entrypoint, Cmd, Env, WorkingDir, User } = config
  // step 1: the words take the place of Cmd. What Go has as an empty list comes as null
  const argv = [...Entrypoint ?? [], ...(words.length > 0 ? words : Cmd ?? [])]
  return {
    name: 'configured',
    child: [
      // step 3: its directory. The rest of the image is there already, this one may not be
      ...directory(WorkingDir || '/'),
      // step 4: the user, when nothing is to be made any more that only root can make
      ...user(User || '0'),
      // step 2: the program comes last. command() adds a PATH where there is none
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
  return [because('those of whoever starts it', setgroups([])), setresgid(gid), setresuid(uid)]
}
