// The checks of jailed.ts: each tries a way out.
import { check, Failure, never, reaches, rootfs, up, type Context, type Exercise, type Seen } from '@pocker/grader'
import { chdir, fchdir, mayFail, O_RDONLY, open, type Syscall } from '@pocker/syscalls'

/** An answer that changes its user is not judged where there are no other users. */
const USER_CALLS = new Set(['setresuid', 'setresgid', 'setgroups'])
const F_GETFD = 1
/** More than are open. */
const DESCRIPTORS = 16

/** Runs the answer's isolation for a root file system that holds a directory `here`, with steps before and behind its own. */
async function around(
  { compute, run, token }: Context, here: string, behind: readonly Syscall[], ahead: readonly Syscall[] = [],
): Promise<Seen> {
  const path = `/tmp/${token()}`
  const { before = [], child = [], ...isolation } = await compute(path)
  const users = child.some(({ call }) => USER_CALLS.has(call)) ? { handed: { groups: [0] } } : {}
  return run({ ...isolation, before: [...rootfs(path, here), ...before], child: [...ahead, ...child, ...behind] }, users)
}

const root = check({
  id: 'root',
  title: 'the directory is the root',
  points: 1,
  hint: 'to lock a door, go through it first',
}, async (context) => {
  const here = context.token()
  await reaches(around(context, here, [chdir(`/${here}`)]), `/${here}`, '/ is still another directory')
})

const cwd = check({
  id: 'cwd',
  title: 'the working directory is in it',
  points: 1,
  hint: 'from a working directory outside, .. leads to the machine\'s root, and no right is needed for that',
  lesson: 'break-it',
}, async (context) => {
  const here = context.token()
  await reaches(around(context, here, [chdir(here)]), here, 'the working directory is still outside: .. leads to the machine\'s root')
})

const descriptors = check({
  id: 'descriptors',
  title: 'no directory of the caller\'s stays open',
  points: 2,
  hint: 'fchdir goes to a directory that is open, wherever it is. Close what you were given, or mark it "close at execve"',
  lesson: 'the-syscalls',
}, async (context) => {
  const alarm = context.token()
  // F_GETFD answers 0 for a descriptor that survives execve.
  const tries = Array.from({ length: DESCRIPTORS }, (_, i): Syscall => ({
    call: 'fcntl', args: [3 + i, F_GETFD], mayFail: ['EBADF'],
    onZero: [fchdir(3 + i), ...up, never('bin', alarm), chdir(`/${alarm}`)],
  }))
  const message = 'a directory that the caller had open leads out: fchdir, and the machine\'s files are there'
  await reaches(around(context, context.token(), tries, [mayFail(open('/', O_RDONLY))]), `/${alarm}`, message)
})

const climb = check({
  id: 'climb',
  title: 'the program cannot make a second chroot',
  points: 2,
  hint: 'the program is executed after your last step. Which capabilities has it then? Whoever is root gets them back, all '
    + 'but those that were dropped',
  lesson: 'break-it',
}, async (context) => {
  const { rights } = await around(context, context.token(), [])
  const { permitted, effective } = rights.capabilities
  if (![...permitted, ...effective].includes('CAP_SYS_CHROOT')) return
  const difference = { expected: 'a program without CAP_SYS_CHROOT', seen: `user ${rights.uids.split(' ')[1]}, who has it` }
  throw new Failure('the program can make a second chroot, and climbs out as the lesson does', difference)
})

export const exercise: Exercise = {
  id: '01-chroot/jailed', title: 'Shut the ways out', points: 6, checks: [root, cwd, descriptors, climb],
}
