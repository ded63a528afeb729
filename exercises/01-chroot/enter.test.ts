// The visible checks of enter.ts. They judge where names lead to, not what the answer prints.
import { check, reaches, rootfs, type Exercise } from '@pocker/grader'
import { chdir } from '@pocker/syscalls'

const root = check({
  id: 'root',
  title: 'names with a leading slash begin in the directory',
  points: 1,
  hint: 'which call changes what / means?',
  lesson: 'the-syscalls',
}, async ({ compute, run, token }) => {
  const [path, here] = [`/tmp/${token()}`, token()]
  const { before = [], child = [], ...isolation } = await compute(path)
  const entering = { ...isolation, before: [...rootfs(path, here), ...before], child: [...child, chdir(`/${here}`)] }
  await reaches(run(entering), `/${here}`, `/ is another directory than ${path}`)
})

const cwd = check({
  id: 'cwd',
  title: 'all other names begin there, too',
  points: 2,
  hint: 'chroot does not touch the working directory. And before chroot, / is still the machine\'s root',
  lesson: 'break-it',
}, async ({ compute, run, token }) => {
  const [path, here] = [`/tmp/${token()}`, token()]
  const { before = [], child = [], ...isolation } = await compute(path)
  const entering = { ...isolation, before: [...rootfs(path, here), ...before], child: [...child, chdir(here)] }
  await reaches(run(entering), here, `the working directory is another one than ${path}`)
})

export const exercise: Exercise = { id: '01-chroot/enter', title: 'A root of its own', points: 5, checks: [root, cwd] }
