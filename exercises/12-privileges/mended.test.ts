// The visible checks of mended.ts. They judge what the kernel says, not what the answer prints.
import { check, copied, Failure, filled, never, reaches, rootfs, same, up, type Context, type Exercise } from '@pocker/grader'
import { chroot, clone3, CLONE_CLEAR_SIGHAND, execve, mayFail, mkdir, wait4, WALL } from '@pocker/syscalls'

const TYPES = ['pid', 'mnt', 'uts', 'ipc', 'net', 'cgroup']

const whole = check({
  id: 'whole',
  title: 'the program\'s file holds its text, and nothing else, and it can be executed',
  points: 1,
  hint: 'a shorter text overwrites the beginning of a longer one. Which flag of open(2) makes the file empty first?',
}, async (context) => {
  const { compute, run, token } = context
  const [root, name, shown, text] = [`/tmp/${token()}`, token(), token(), token()]
  const { before = [], child = [], ...isolation } = await compute(root, { name, text })
  const there = [...rootfs(root, 'exe', 'proc'), ...filled(`${root}/exe/${name}`, `${token()} ${token()}`)]
  const looking = { ...isolation, before: [...there, ...before], child: [...child, ...copied(`/exe/${name}`, `/${shown}`)] }
  const { groups } = await run(looking, { groups: { files: [`${root}/${shown}`] } })
  const seen = groups.files[`${root}/${shown}`] ?? ''
  same(seen, text, `expected "${text}" in /exe/${name}, got "${seen}": is that the end of the program that was there?`)
  await executed(context)
})

/** The program runs as a child of the container's, and leaves a word. */
async function executed({ compute, run, token }: Context): Promise<void> {
  const [root, name, shown, word] = [`/tmp/${token()}`, token(), token(), token()]
  const { before = [], child = [], ...isolation } = await compute(root, { name, text: `#!/bin/sh\necho ${word} > /${shown}\n` })
  const program = { ...clone3(CLONE_CLEAR_SIGHAND, [execve(`/exe/${name}`, [name], [])]), as: 'the check\'s program' }
  const executing = {
    ...isolation, before: [...rootfs(root, 'exe', 'proc'), ...before],
    child: [...child, program, wait4({ resultOf: program.as }, WALL)],
  }
  const { groups } = await run(executing, { groups: { files: [`${root}/${shown}`] } })
  const seen = groups.files[`${root}/${shown}`] ?? ''
  same(seen, word, `expected /exe/${name} to run, and it does not: has its file a mode for that, and is it still open for writing?`)
}

const namespaces = check({
  id: 'namespaces',
  title: 'the container has six namespaces of its own',
  points: 1,
  hint: 'list those that you know from chapters 02 to 09, and compare',
}, async ({ compute, run, token }) => {
  const root = `/tmp/${token()}`
  const { before = [], ...isolation } = await compute(root, { name: token(), text: token() })
  const seen = await run({ ...isolation, before: [...rootfs(root, 'exe', 'proc'), ...before] })
  const shared = TYPES.filter((type) => seen.namespaces[type] === seen.sandbox.namespaces[type])
  const difference = { expected: TYPES.join(' '), seen: TYPES.filter((type) => !shared.includes(type)).join(' ') }
  if (shared.length > 0) throw new Failure(`the container shares the machine's namespaces: ${shared.join(' ')}`, difference)
})

const root = check({
  id: 'root',
  title: 'a process of root\'s does not get out of its root, and the machine keeps its mounts as they are',
  points: 2,
  hint: 'chapter 01 breaks out of this one, and chapter 04 has the cure, in an order of its own',
}, async ({ compute, run, token }) => {
  const [path, secret, alarm] = [`/tmp/${token()}`, token(), token()]
  const { before = [], child = [], ...isolation } = await compute(path, { name: token(), text: token() })
  const climb = [
    mayFail(mkdir('jail', 0o755)), mayFail(chroot('jail')), ...up, mayFail(chroot('.')), never(`tmp/${secret}`, alarm),
  ]
  const there = [...rootfs(path, 'exe', 'proc'), mkdir(`/tmp/${secret}`, 0o755)]
  const climbing = run({ ...isolation, before: [...there, ...before], child: [...child, ...climb] })
  const { sandbox } = await reaches(climbing, `/${alarm}`, 'a process climbed out of the root, and stands in the machine\'s')
  const [expected, seen] = [sandbox.before, sandbox.now].map(({ mounts }) => mounts.map(({ point }) => point).join(' '))
  const difference = { expected: `mounts at ${expected}`, seen: `mounts at ${seen}` }
  if (seen !== expected) throw new Failure('a mount of the container\'s went out to the machine', difference)
})

export const exercise: Exercise = {
  id: '12-privileges/mended', title: 'Find the bugs: the Go program', points: 7, checks: [whole, namespaces, root],
}
