// The visible checks of shm.ts. They judge what the kernel lets a container do there.
import { randomInt } from 'node:crypto'
import { check, Failure, type Exercise } from '@pocker/grader'
import { close, O_CLOEXEC, O_CREAT, O_WRONLY, open, setresuid, type Syscall } from '@pocker/syscalls'

const MiB = 1024 * 1024
const NOBODY = 65534

/** A file of that size, in memory and not only in name. */
const file = (path: string, bytes: number): Syscall[] => [
  { ...open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o644), as: 'the check\'s file' },
  { call: 'fallocate', args: [{ resultOf: 'the check\'s file' }, 0, 0, bytes] }, close({ resultOf: 'the check\'s file' }),
]

/** @returns whether it worked; false if there was no room. @throws {Failure} whatever else goes wrong */
const fits = (running: Promise<unknown>): Promise<boolean> => running.then(() => true, (error: unknown) => {
  if (error instanceof Failure && error.message.includes('fallocate') && error.message.includes('ENOSPC')) return false
  throw error
})

const size = check({
  id: 'size',
  title: 'as much fits into it as was asked for, and no more',
  points: 2,
  hint: 'the data of mount(2) is a text of options, with commas and no spaces between: size= is one of tmpfs(5)',
}, async ({ compute, run, token }) => {
  for (const at of ['/home', '/root']) {
    const [bytes, path] = [randomInt(2, 9) * MiB, `${at}/${token()}`]
    const { child = [], ...isolation } = await compute(at, bytes)
    const holds = (more: number) => fits(run({ ...isolation, child: [...child, ...file(path, more)] }))
    if (!await holds(bytes)) throw new Failure(`expected ${bytes} bytes to fit into ${at}, and they do not`)
    if (await holds(bytes + MiB)) throw new Failure(`expected no more than ${bytes} bytes to fit into ${at}, and more do`)
  }
})

const everybody = check({
  id: 'everybody',
  title: 'every user may make files in it',
  points: 1,
  hint: 'the mode of a tmpfs is 1777 if nothing is said: as that of /tmp',
}, async ({ compute, run, token }) => {
  const { child = [], ...isolation } = await compute('/home', MiB)
  const made = open(`/home/${token()}`, O_CREAT | O_WRONLY | O_CLOEXEC, 0o644)
  try {
    await run({ ...isolation, child: [...child, setresuid(NOBODY), made] }, { handed: { groups: [0] } })
  } catch (error) {
    if (!(error instanceof Failure) || !error.message.includes('EACCES')) throw error
    throw new Failure(`a user who is not root may make no file there: ${error.message}`, {}, { cause: error })
  }
})

export const exercise: Exercise = {
  id: '05-ipc/shm', title: 'Shared memory with a name', points: 6, checks: [size, everybody],
}
