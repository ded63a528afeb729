// The hidden checks of chapter 01.
import { AT_FDCWD, mkdir, symlinkAt } from '@pocker/syscalls'
import { check, Failure, rootfs, same, type HiddenChecks } from '@pocker/grader'
import { compare, made } from '../../exercises/01-chroot/furnished.test.ts'

const machine = check({
  id: 'machine',
  title: 'the process in between keeps its root',
  points: 1,
  hint: 'before runs in another process, from which the container inherits. Who should have another root?',
  lesson: 'the-code',
}, async ({ compute, run, token }) => {
  const path = `/tmp/${token()}`
  const { before = [], ...isolation } = await compute(path)
  const { sandbox } = await run({ ...isolation, before: [...rootfs(path), ...before] })
  const [expected, seen] = [sandbox.before, sandbox.now].map(({ mounts }) => mounts.map(({ point }) => point).join(' '))
  if (seen !== expected) {
    const difference = { expected: `mounts at ${expected}`, seen: seen ? `mounts at ${seen}` : 'no mount' }
    throw new Failure('the process in between has another root, too: expected the container\'s only', difference)
  }
})

const refuses = check({
  id: 'refuses',
  title: 'what cannot be a path is refused, with the value',
  points: 1,
  hint: 'a path is not empty, and for the kernel it ends at the first NUL byte',
}, async ({ refusal, token }) => {
  for (const wrong of ['', `/tmp/${token()}\0`]) {
    const expected = `root: expected the path of a directory, got ${JSON.stringify(wrong)}`
    const { message } = await refusal(wrong)
    same(message, expected, `expected the error "${expected}", got "${message}"`)
  }
})

const above = check({
  id: 'above',
  title: 'above the root there is nothing: /../x is /x',
  points: 1,
  hint: 'the kernel knows what .. means, and it knows the root of each process: who should look at the path?',
}, async (context) => {
  const name = context.token()
  const [path, text] = [`/tmp/${name}`, context.token()]
  const { inside } = await made(context, [{ path: `/../../..${path}`, text }], [path])
  compare([{ path, text }], inside)
})

const links = check({
  id: 'links',
  title: 'no symbolic link leads out of the root',
  points: 2,
  hint: 'a link to /x leads to the x of whoever follows it. Whose root counts when the file is opened?',
}, async (context) => {
  const { token } = context
  const [directory, name, link, text] = [token(), token(), token(), token()]
  const outside = `/tmp/${directory}/${name}`
  const prepare = (root: string) => [
    mkdir(`${root}/tmp/${directory}`, 0o755), symlinkAt(`/tmp/${directory}`, AT_FDCWD, `${root}/${link}`),
  ]
  const seen = await made(context, [{ path: `/${link}/${name}`, text }], [outside], prepare, [outside])
  const difference = { expected: `nothing in the machine's ${outside}`, seen: `"${seen.outside[0]}"` }
  if (seen.outside[0]) throw new Failure(`/${link} leads to /tmp/${directory}: the machine's file was written`, difference)
  compare([{ path: outside, text }], seen.inside)
})

export const hidden: HiddenChecks = { enter: [machine, refuses], furnished: [above, links] }
