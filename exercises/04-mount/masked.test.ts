// The visible checks of masked.ts. They judge what the container finds in there.
import { check, Failure, never, reaches, type Exercise } from '@pocker/grader'
import { chdir, mkdir, type Syscall } from '@pocker/syscalls'

/** A directory, and another one in it. */
const full = (path: string, secret: string): Syscall[] => [mkdir(path, 0o755), mkdir(`${path}/${secret}`, 0o755)]

const empty = check({
  id: 'empty',
  title: 'each of the directories is there, and empty',
  points: 2,
  hint: 'what is mounted at a directory hides what is in it. Which file system is empty when it is new?',
}, async ({ compute, run, token }) => {
  const [paths, secret, alarm] = [[`/tmp/${token()}`, `/tmp/${token()}`], token(), token()]
  const { before = [], child = [], ...isolation } = await compute(paths)
  const looking = paths.flatMap((path) => [chdir(path), never(`${path}/${secret}`, alarm)])
  const steps = [...paths.flatMap((path) => full(path, secret)), ...before]
  const hiding = run({ ...isolation, before: steps, child: [...child, ...looking] })
  await reaches(hiding, `/${alarm}`, 'the container still sees what is in one of the directories')
})

const readonly = check({
  id: 'readonly',
  title: 'nothing can be made in them',
  points: 1,
  hint: 'one flag of mount(2) says that nobody may write: MS_RDONLY',
}, async ({ compute, run, token }) => {
  const paths = [`/tmp/${token()}`, `/tmp/${token()}`]
  const { before = [], child = [], ...isolation } = await compute(paths)
  for (const path of paths) {
    const steps = [...paths.flatMap((one) => full(one, token())), ...before]
    const make = mkdir(`${path}/${token()}`, 0o755)
    const made = await run({ ...isolation, before: steps, child: [...child, make] }).then(() => true, (error: unknown) => {
      if (error instanceof Failure && error.message.includes('a step failed: mkdirat')) return false
      throw error
    })
    if (made) throw new Failure(`a directory was made in ${path}: expected EROFS`)
  }
})

const kept = check({
  id: 'kept',
  title: 'for the machine they are as they were',
  points: 1,
  hint: 'the machine\'s mounts are shared: which step must come before any other mount, and in which namespace?',
}, async ({ compute, run, token }) => {
  const path = `/tmp/${token()}`
  const { before = [], ...isolation } = await compute([path])
  const { sandbox } = await run({ ...isolation, before: [...full(path, token()), ...before] })
  const [expected, seen] = [sandbox.before, sandbox.now].map(({ mounts }) => mounts.map(({ point }) => point).join(' '))
  const difference = { expected: `mounts at ${expected}`, seen: `mounts at ${seen}` }
  if (seen !== expected) throw new Failure(`${path} is hidden from the machine, too`, difference)
})

export const exercise: Exercise = {
  id: '04-mount/masked', title: 'Out of sight', points: 6, checks: [empty, readonly, kept],
}
