// The visible checks of furnished.ts. They judge what the files hold, not what the answer prints.
import { check, copied, reaches, rootfs, same, type Context, type Exercise } from '@pocker/grader'
import { chdir, type Syscall } from '@pocker/syscalls'

interface File { readonly path: string; readonly text: string }

/**
 * Runs the answer.
 * @param prepare makes what is in the root before
 * @param outside files of the machine, which are there and empty
 * @returns what the container reads at these paths, and what the files outside hold
 */
export async function made(
  { compute, run, token }: Context, files: readonly File[],
  read: readonly string[], prepare: (root: string) => readonly Syscall[] = () => [], outside: readonly string[] = [],
): Promise<{ inside: string[]; outside: string[] }> {
  const root = `/tmp/${token()}`
  const shown = read.map(() => token())
  const { before = [], child = [], ...isolation } = await compute(root, files.map((file) => ({ ...file })))
  const steps = [...rootfs(root), ...prepare(root), ...before]
  const looking = read.flatMap((path, i) => copied(path, `/${shown[i]}`))
  const plain = shown.map((name) => `${root}/${name}`)
  const { groups } = await run({ ...isolation, before: steps, child: [...child, ...looking] }, {
    groups: { files: [...plain, ...outside] },
  })
  return { inside: plain.map((file) => groups.files[file] ?? ''), outside: outside.map((file) => groups.files[file] ?? '') }
}

/** @throws {Failure} unless the container reads these texts */
export function compare(files: readonly File[], inside: readonly string[]): void {
  files.forEach(({ path, text }, i) => same(inside[i] ?? '', text, `expected "${text}" in ${path}, got "${inside[i]}"`))
}

const written = check({
  id: 'written',
  title: 'the files are there, each with its text',
  points: 1,
  hint: 'open, write and close for each of them; and a name for each descriptor',
}, async (context) => {
  const { token } = context
  const files = Array.from({ length: 3 }, () => ({ path: `/tmp/${token()}`, text: token() }))
  compare(files, (await made(context, files, files.map(({ path }) => path))).inside)
})

const directories = check({
  id: 'directories',
  title: 'missing directories are made',
  points: 1,
  hint: 'mkdir makes one directory, in one that is there: from the top down. One that is there already is no error',
}, async (context) => {
  const { token } = context
  const [above, below] = [token(), token()]
  const file = { path: `/${above}/${below}/${token()}`, text: token() }
  compare([file], (await made(context, [file], [file.path])).inside)
})

const cwd = check({
  id: 'cwd',
  title: 'the working directory is the root',
  points: 1,
  hint: 'chroot does not touch the working directory: which call does, and behind which other one?',
}, async ({ compute, run, token }) => {
  const [root, here] = [`/tmp/${token()}`, token()]
  const { before = [], child = [], ...isolation } = await compute(root, [{ path: `/tmp/${token()}`, text: token() }])
  const entering = { ...isolation, before: [...rootfs(root, here), ...before], child: [...child, chdir(here)] }
  await reaches(run(entering), here, `the working directory is another one than ${root}`)
})

export const exercise: Exercise = {
  id: '01-chroot/furnished', title: 'A list of files', points: 6, checks: [written, cwd, directories],
}
