// The three runtimes that are held against the spec, each called by its command line, which all of them have from runc.
//
//   call('crun', root, ['state', 'web'])   → { code: 0, stdout: '{…}', stderr: '' }
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const NAMES = ['pocker', 'runc', 'crun'] as const
export type Name = (typeof NAMES)[number]

const POCKER = fileURLToPath(new URL('../../../../pocker/bin/pocker-oci.cjs', import.meta.url))

/** crun makes its cgroups with BPF and RLIMIT_MEMLOCK, which takes a capability that a test machine may lack. */
const COMMANDS: Readonly<Record<Name, readonly string[]>> = {
  pocker: [process.execPath, POCKER],
  runc: ['runc'],
  crun: ['crun', '--cgroup-manager=disabled'],
}

/** @returns whether it is on this machine */
export const isThere = (name: Name): boolean => name === 'pocker' || spawnSync(name, ['--version']).status === 0

export interface Result { readonly code: number; readonly stdout: string; readonly stderr: string }
/** Where the output goes: pipes that are read to their end, or files, as a container holds its output as long as it runs. */
export type Output = 'pipe' | { readonly out: number; readonly error: number; readonly more?: readonly number[] }

/** crun waits for ever in some of the rows; for the others it is an emulated machine that takes long. */
const LIMIT_MS: Readonly<Record<Name, number>> = { pocker: 60_000, runc: 60_000, crun: 8000 }

export function call(name: Name, root: string, args: readonly string[], output: Output = 'pipe'): Result {
  const [program = '', ...first] = COMMANDS[name]
  const { status, stdout, stderr } = spawnSync(program, [...first, '--root', join(root, 'state'), ...args], {
    encoding: 'utf8', timeout: LIMIT_MS[name], killSignal: 'SIGKILL',
    stdio: output === 'pipe' ? ['ignore', 'pipe', 'pipe'] : ['ignore', output.out, output.error, ...output.more ?? []],
  })
  return { code: status ?? -1, stdout: stdout ?? '', stderr: stderr ?? '' }
}
