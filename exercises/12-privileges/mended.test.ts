// The visible checks of mended.ts. They judge what the kernel says, not what the answer prints.
import { check, copied, Failure, filled, never, reaches, rootfs, same, up, type Exercise } from '@pocker/grader'
import { chroot, mayFail, mkdir } from '@pocker/syscalls'

const TYPES = ['pid', 'mnt', 'uts', 'ipc', 'net', 'cgroup']

const whole = check({
  id: 'whole',
  title: 'the program\'s file holds its text, and nothing else',
  points: 1,
  hint: 'a shorter text overwrites the beginning of a longer one. Which flag of open(2) makes the file empty first?',
}, async ({ compute, run, token }) => {
  const [root, name, shown, text] = [`/tmp/${token()}`, token(), token(), token()]
  const { before = [], child = [], ...isolation } = await compute(root, { name, text })
  const there = [...rootfs(root, 'exe', 'proc'), ...filled(`${root}/exe/${name}`, `${token()} ${token()}`)]
  const looking = { ...isolation, before: [...there, ...before], child: [...child, ...copied(`/exe/${name}`, `/${shown}`)] }
  const { groups } = await run(looking, { groups: { files: [`${root}/${shown}`] } })
  const seen = groups.files[`${root}/${shown}`] ?? ''
  same(seen, text, `expected "${text}" in /exe/${name}, got "${seen}": is that the end of the program that was there?`)
})

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
  title: 'a process of root\'s does not get out of its root',
  points: 2,
  hint: 'chapter 01 breaks out of this one, and chapter 04 has the cure',
}, async ({ compute, run, token }) => {
  const [path, secret, alarm] = [`/tmp/${token()}`, token(), token()]
  const { before = [], child = [], ...isolation } = await compute(path, { name: token(), text: token() })
  const climb = [
    mayFail(mkdir('jail', 0o755)), mayFail(chroot('jail')), ...up, mayFail(chroot('.')), never(`tmp/${secret}`, alarm),
  ]
  const there = [...rootfs(path, 'exe', 'proc'), mkdir(`/tmp/${secret}`, 0o755)]
  const climbing = run({ ...isolation, before: [...there, ...before], child: [...child, ...climb] })
  await reaches(climbing, `/${alarm}`, 'a process climbed out of the root, and stands in the machine\'s')
})

export const exercise: Exercise = {
  id: '12-privileges/mended', title: 'Find the bugs: the Go program', points: 7, checks: [whole, namespaces, root],
}
