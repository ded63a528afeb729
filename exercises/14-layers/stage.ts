// Where the answers of this chapter are tried: directories in the sandbox, and a shell that says what became of them.
//
//   made('/tmp/a', { 'etc': directory(), 'etc/motd': file('hi') })   → steps that make them
//   await said(context, plan, scene, listed('/tmp/a'))               → ['etc directory 755', 'etc/motd file 644 2 hi']
//   await put(context, answer, place, around)                        → a directory that an answer filled, and overlayfs on it
//
// Invariant: what is asked for has tokens in it, so the shell can only say it if it found it.
import { check, Failure, Lacks, reaches, type Check, type CheckSpec, type Context, type Seen } from '@pocker/grader'
import {
  AT_FDCWD, chdir, clone3, CLONE_CLEAR_SIGHAND, CLONE_NEWNS, close, execve, exit_group, mkdir, mkdirAt, mount, MS_PRIVATE,
  MS_RDONLY, MS_REC, open, O_CLOEXEC, O_CREAT, O_PATH, O_WRONLY, setAttribute, symlinkAt, umask, wait4, WALL, write,
  type Isolation, type Syscall,
} from '@pocker/syscalls'

export type Node = {
  readonly type: 'directory' | 'file' | 'symlink'
  readonly mode: number
  readonly content?: string
  readonly target?: string
}
/** By path. */
export type Tree = Readonly<Record<string, Node>>

export const directory = (mode = 0o755): Node => ({ type: 'directory', mode })
export const file = (content: string, mode = 0o644): Node => ({ type: 'file', mode, content })
export const symlink = (target: string): Node => ({ type: 'symlink', mode: 0o777, target })

/** Steps that make a directory with that in it. Directories come before what is in them. */
export const made = (root: string, tree: Tree = {}): Syscall[] =>
  [umask(0), mkdir(root, 0o755), ...Object.entries(tree).flatMap(([path, node]) => one(`${root}/${path}`, node)), umask(0o022)]

function one(path: string, { type, mode, content = '', target = '' }: Node): Syscall[] {
  if (type === 'directory') return [mkdir(path, mode)]
  if (type === 'symlink') return [symlinkAt(target, AT_FDCWD, path)]
  const fd = { resultOf: `the check's ${path}` }
  return [{ ...open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode), as: fd.resultOf }, write(fd, content), close(fd)]
}

/** A script that prints a line for each file below a directory. */
export const listed = (root: string): string => `cd ${root} && find . | sort | while IFS= read -r path; do path=\${path#./}
  if [ "$path" = . ]; then continue
  elif [ -L "$path" ]; then echo "$path symlink 777 $(readlink "$path")"
  elif [ -d "$path" ]; then echo "$path directory $(stat -c %a "$path")"
  elif [ -f "$path" ]; then echo "$path file $(stat -c "%a %s" "$path") $(cat "$path")"
  else echo "$path device $(stat -c %t:%T "$path")"; fi; done`

/** What it prints. */
export const linesOf = (tree: Tree): string[] => Object.entries(tree).map(([path, { type, mode, content = '', target = '' }]) =>
  [path, type, mode.toString(8), ...(type === 'file' ? [Buffer.byteLength(content)] : []), content || target].join(' ').trim())

/** @throws {Failure} that says what is missing, and what is there instead */
export function alike(seen: readonly string[], expected: readonly string[], what: string): void {
  const [missing, more] = [expected.filter((line) => !seen.includes(line)), seen.filter((line) => !expected.includes(line))]
  if (missing.length + more.length === 0) return
  const message = `${what}: expected ${missing.join('; ') || 'no more'}, got ${more.join('; ') || 'nothing of it'}`
  throw new Failure(message, { expected: expected.join('; '), seen: seen.join('; ') })
}

/** A check that needs overlayfs. Whether the machine has it is asked only if something went wrong. */
export const layered = (spec: CheckSpec, body: Check['run']): Check => check(spec, async (context) => {
  try {
    await body(context)
  } catch (error) {
    if (error instanceof Failure) await able(context)
    throw error
  }
})

const apart = (): Syscall => mount(null, '/', null, MS_REC | MS_PRIVATE, null)

async function able({ run, token }: Context): Promise<void> {
  const paths = Array.from({ length: 4 }, () => `/tmp/${token()}`) as [string, string, string, string]
  const [lower, upper, work, target] = paths
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work},userxattr`
  await run({
    name: 'able', flags: CLONE_NEWNS,
    child: [
      ...paths.map((path) => mkdir(path, 0o755)), setAttribute(lower, 'user.overlay.opaque', Buffer.from('y')),
      apart(), mount('overlay', target, 'overlay', 0, options),
    ],
  }).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error
    const message = 'this machine has no overlayfs in a user namespace, or no attributes in tmpfs (Linux 6.6)'
    throw new Lacks(`${message}: ${error.message}`, { cause: error })
  })
}

/** Steps of a process that runs a script, and whose output goes to the end of a file. */
function asks(script: string, to: string, flags = 0n, first: readonly Syscall[] = []): Syscall[] {
  const name = `the check's shell for ${script}`
  const shell = execve('/bin/sh', ['sh', '-c', `exec >> ${to}; ${script}`], ['PATH=/bin'])
  return [{ ...clone3(flags | CLONE_CLEAR_SIGHAND, [...first, shell]), as: name }, wait4({ resultOf: name }, WALL)]
}

/** Has the container's process run a script, when its own steps are over. */
export async function said(
  { run, token }: Context, plan: Isolation, scene: readonly Syscall[], script: string,
): Promise<{ lines: string[]; seen: Seen }> {
  const { before = [], child = [], ...isolation } = plan
  const to = `/tmp/${token()}`
  const whole = { ...isolation, before: [...scene, ...before], child: [...child, ...asks(script, to)] }
  const seen = await run(whole, { groups: { files: [to] } })
  return { lines: linesIn(seen.groups.files[to] ?? ''), seen }
}

const linesIn = (text: string): string[] => text.split('\n').map((line) => line.trim()).filter(Boolean)

/** Where an answer puts a layer. */
export interface Place { readonly top: string; readonly layer: string }
export function placeIn({ token }: Context): Place {
  const top = `/tmp/${token()}`
  return { top, layer: `${top}/${token()}` }
}

interface Around {
  readonly base?: Tree
  readonly mask?: number
  /** Further directories, beside the layer's. */
  readonly beside?: Readonly<Record<string, Tree>>
  /** The list may end with an error. */
  readonly ends?: true
}

/**
 * Runs an answer's steps in a process of their own, which has its flags and ends behind them.
 * @returns lines: of the directory, of the layer on top of `base`, of each directory beside it
 */
export async function put(
  { run, token }: Context, { flags = 0n, before = [], child = [] }: Isolation, { top, layer }: Place,
  { base = {}, mask = 0o022, beside = {}, ends }: Around = {},
): Promise<{ raw: string[]; merged: string[]; others: string[] }> {
  const [done, below, target] = [token(), `${top}/${token()}`, `${top}/${token()}`]
  const here = { resultOf: 'the check\'s place' }
  const files = Array.from({ length: 3 }, () => `/tmp/${token()}`) as [string, string, string]
  const process = { resultOf: 'the answer\'s process' }
  const all = [...before, ...child, mkdirAt(here, done, 0o755), exit_group(0)]
  const show = mount('overlay', target, 'overlay', MS_RDONLY, `lowerdir=${layer}:${below},userxattr`)
  const steps = [
    mkdir(top, 0o755), ...made(layer), ...made(below, base), ...made(target),
    ...Object.entries(beside).flatMap(([name, tree]) => made(`${top}/${name}`, tree)),
    { ...open(top, O_PATH | O_CLOEXEC), as: here.resultOf }, umask(mask),
    { ...clone3(flags | CLONE_CLEAR_SIGHAND, all), as: process.resultOf }, wait4(process, WALL), umask(0o022), close(here),
    ...(ends ? [] : [chdir(`${top}/${done}`)]),
    ...asks(listed(layer), files[0]),
    ...asks(listed(target), files[1], CLONE_NEWNS, [apart(), show]),
    ...Object.keys(beside).flatMap((name) => asks(listed(`${top}/${name}`), files[2])),
  ]
  const running = run({ name: 'stage', child: steps }, { groups: { files } })
  const { groups } = await reaches(running, `${top}/${done}`, 'its process did not get to the end of the list: does a step end it?')
  const [raw, merged, others] = files.map((path) => linesIn(groups.files[path] ?? '')) as [string[], string[], string[]]
  return { raw, merged, others }
}
