// Where the answers of this chapter are tried, and what comes out of the sandbox.
//
//   await told(context, program(context), { config, words })   → what the image's program was given: words, environment, user, …
//   await files(context, parts)                                → the files of a layout
//   await states(context, parts)                               → a digest of all of them, after each step with an index
//
// Programs of the check's see it, in the sandbox, and write it to files, which the kernel is asked for from outside.
import { Failure, type Context } from '@pocker/grader'
import {
  chdir, clone3, close, CLONE_CLEAR_SIGHAND, dup3, execve, exit_group, mkdir, O_CLOEXEC, O_CREAT, O_RDONLY, O_WRONLY, open, read,
  umask, wait4, WALL, write, type Json, type Syscall,
} from '@pocker/syscalls'

export interface Program {
  readonly directory: string
  readonly name: string
  readonly path: string
}

/** A program and a directory that nobody knows before. */
export function program({ token }: Context): Program {
  const [directory, name] = [`/tmp/${token()}`, token()]
  return { directory, name, path: `${directory}/${name}` }
}

export interface Told {
  /** Without the program's own name. */
  readonly words: readonly string[]
  readonly environment: readonly string[]
  readonly directory: string
  /** Real, effective, saved and file system's. */
  readonly uids: string
  readonly gids: string
  /** The further ones. */
  readonly groups: string
}

const REPORT = `#!/bin/sh
for word in "$@"; do echo "word $word"; done
tr '\\0' '\\n' < /proc/$$/environ | sed 's/^/env /'
echo "cwd $(readlink /proc/$$/cwd)"
grep -E '^(Uid|Gid|Groups):' /proc/$$/status
`

/** @param asked runs `own`. It is begun by root, in the program's directory, with a further group */
export async function told(
  { compute, run, token }: Context, own: Program, asked: { readonly config: Json; readonly words: readonly string[] },
): Promise<Told> {
  const [out, file] = [`/tmp/${token()}`, { resultOf: 'the check\'s program' }]
  const { flags = 0n, before = [], child = [] } = await compute({ config: asked.config, words: [...asked.words] })
  const steps: Syscall[] = [
    { ...open(out, O_WRONLY | O_CLOEXEC), as: 'the check\'s output' }, dup3({ resultOf: 'the check\'s output' }, 1, 0), ...child,
  ]
  const { groups } = await run({
    name: 'stage',
    before: [
      umask(0o022), mkdir(own.directory, 0o755),
      { ...open(own.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o755), as: file.resultOf },
      write(file, REPORT), close(file),
      chdir(own.directory), ...before,
      { ...clone3(flags | CLONE_CLEAR_SIGHAND, steps), as: 'the image\'s program' },
      wait4({ resultOf: 'the image\'s program' }, WALL),
      // Where it did not run, all ends, and the step is named that failed.
      { ...open(out, O_RDONLY | O_CLOEXEC), as: 'the check\'s input' },
      { ...read({ resultOf: 'the check\'s input' }, 1), onZero: [exit_group(1)] },
      close({ resultOf: 'the check\'s input' }), chdir('/'),
    ],
  }, { handed: { groups: [6] }, groups: { files: [out] } })
  const lines = (groups.files[out] ?? '').split('\n')
  const behind = (word: string): string[] => lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length))
  const one = (word: string): string => (behind(word)[0] ?? '').split(/\s+/).filter(Boolean).join(' ')
  return {
    words: behind('word '), environment: behind('env '), directory: one('cwd '),
    uids: one('Uid:'), gids: one('Gid:'), groups: one('Groups:'),
  }
}

export interface Parts {
  readonly layers: readonly string[]
  readonly config: Readonly<Record<string, Json>>
  readonly name: string
}

/** The grader reads so many bytes of a file at least; texts, without blanks at their ends. */
const PIECE = 4000
const PIECES = 8

const shells = (script: string, name: string): Syscall[] => [
  { ...clone3(CLONE_CLEAR_SIGHAND, [execve('/bin/sh', ['sh', '-c', script], ['PATH=/bin'])]), as: `the check's ${name}` },
  wait4({ resultOf: `the check's ${name}` }, WALL),
]

/**
 * @param look writes lines to standard output, in the answer's directory
 * @param always not only in the end, but behind each step
 * @returns all that it wrote
 */
async function looked({ compute, run, token }: Context, parts: Parts, look: string, always: boolean): Promise<string[]> {
  const [directory, out] = [`/tmp/${token()}`, `/tmp/${token()}`]
  const pieces = Array.from({ length: PIECES }, (_, i) => `${out}-${i}`)
  const looking = `cd ${directory} && { ${look}; } >> ${out}`
  const spread = `${looking}; base64 ${out} | tr -d '\\n' > ${out}-all; for i in ${[...pieces.keys()].join(' ')}; do
    dd if=${out}-all of=${out}-$i bs=${PIECE} skip=$i count=1 2> ${out}-said; done`
  const asked = { directory, layers: [...parts.layers], config: parts.config, name: parts.name }
  const { before = [], child = [], ...isolation } = await compute(asked)
  const watched = (list: readonly Syscall[], where: string): Syscall[] =>
    list.flatMap((step, i) => [step, ...(always ? shells(looking, `${where} ${i}`) : [])])
  const { groups } = await run({
    ...isolation, before: [umask(0o022), mkdir(directory, 0o755), ...watched(before, 'before')],
    child: [...watched(child, 'child'), ...shells(spread, 'end')],
  }, { groups: { files: pieces } })
  const text = pieces.map((piece) => groups.files[piece] ?? '').join('')
  if (text.length >= PIECE * PIECES) throw new Failure('expected a few small files in the directory, got more than is read')
  return Buffer.from(text, 'base64').toString().split('\n').filter(Boolean)
}

export type Files = ReadonlyMap<string, Buffer>

/** @returns the files' contents, by their paths in the directory */
export async function files(context: Context, parts: Parts): Promise<Files> {
  const look = 'find . ! -type d | while read -r file; do echo "$file $(base64 "$file" | tr -d "\\n")"; done'
  return new Map((await looked(context, parts, look, false)).map((line) => {
    const [path = '', content = ''] = line.split(' ')
    return [path.slice('./'.length), Buffer.from(content, 'base64')]
  }))
}

/** @returns a digest of all files that there are, for each step from which on there is something in the index */
export const states = (context: Context, parts: Parts): Promise<string[]> =>
  looked(context, parts, '[ ! -s index.json ] || find . ! -type d | sort | xargs sha256sum | sha256sum', true)
