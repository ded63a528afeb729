// The hidden checks of chapter 04.
import { escape } from '@pocker/chroot'
import { check, Failure, mountsAt, type HiddenChecks } from '@pocker/grader'
import { mkdir, mount, O_CLOEXEC, O_CREAT, O_WRONLY, open } from '@pocker/syscalls'
import { rootfs } from '../../exercises/04-mount/rootfs.ts'

const below = check({
  id: 'below',
  title: 'what is mounted below the directory comes along',
  points: 1,
  hint: 'a bind mount takes the mounts below its source along only if it is told to',
}, async ({ compute, run, token }) => {
  const [root, name] = [`/tmp/${token()}`, token()]
  const { before = [], ...isolation } = await compute(root)
  const data = [mkdir(`${root}/${name}`, 0o755), mount('data', `${root}/${name}`, 'tmpfs', 0, null)]
  const { mounts } = await run({ ...isolation, before: [...rootfs(root), ...data, ...before] })
  if (mountsAt(mounts, `/${name}`).length > 0) return
  throw new Failure(`what is mounted at ${root}/${name} did not come along`, {
    expected: `a mount at /${name}`, seen: mounts.map(({ point }) => point).join(' '),
  })
})

const jail = check({
  id: 'jail',
  title: 'chapter 01\'s escape leads nowhere',
  points: 2,
  hint: 'chroot moves one process\'s root; what is still in the mount table above it can be climbed to',
}, async ({ compute, run, token }) => {
  const root = `/tmp/${token()}`
  const { before = [], child = [], ...isolation } = await compute(root)
  const climb = escape().child ?? []
  const climber = { ...isolation, before: [...rootfs(root), ...before], child: [...child, ...climb] }
  const { mounts, sandbox } = await run(climber)
  const machine = mountsAt(sandbox.before.mounts, '/').at(-1)?.device
  if (mountsAt(mounts, '/').some(({ device }) => device === machine) && mountsAt(mounts, '/tmp').length > 0) {
    throw new Failure('a process climbed out of the root, and stands in the machine\'s', {
      expected: `${root} as the root`, seen: 'the machine\'s root',
    })
  }
})

const writable = check({
  id: 'writable',
  title: 'the source stays writable',
  points: 1,
  hint: 'MS_REMOUNT alone changes the file system, and that is the same one at both places',
}, async ({ compute, run, token }) => {
  const [source, target] = [`/tmp/${token()}`, `/tmp/${token()}`]
  const { before = [], child = [], ...isolation } = await compute({ source, target })
  const made = [mkdir(source, 0o755), mkdir(target, 0o755), mount('source', source, 'tmpfs', 0, null)]
  const write = open(`${source}/file`, O_CREAT | O_WRONLY | O_CLOEXEC, 0o644)
  try {
    await run({ ...isolation, before: [...made, ...before], child: [...child, write] })
  } catch (error) {
    if (!(error instanceof Failure) || !error.message.includes('EROFS')) throw error
    const difference = { expected: `${source}, writable`, seen: error.message }
    throw new Failure('the source has become read-only as well', difference, { cause: error })
  }
})

const absent = check({
  id: 'absent',
  title: 'a path at which there is nothing is passed over',
  points: 1,
  hint: 'a step may fail, and the list goes on: which errno says that there is no such file?',
}, async ({ compute, run, token }) => {
  const [path, missing] = [`/tmp/${token()}`, `/tmp/${token()}`]
  for (const paths of [[path, missing], [missing, path]]) {
    const { before = [], ...isolation } = await compute(paths)
    await run({ ...isolation, before: [mkdir(path, 0o755), ...before] })
  }
})

const errors = check({
  id: 'errors',
  title: 'every other error ends the list',
  points: 1,
  hint: 'a mask that does not hold, and of which nobody hears, is worse than none. mayFail takes names of errors, too',
}, async ({ compute, run, token }) => {
  const path = `/tmp/${token()}`
  const started = await run(await compute([path]), { groups: { files: [path] } }).then(() => true, (error: unknown) => {
    if (error instanceof Failure && error.message.startsWith('a step failed')) return false
    throw error
  })
  if (started) throw new Failure(`${path} is a file, which was not hidden, and the container started: expected an error`)
})

export const hidden: HiddenChecks = { pivot: [below, jail], readonlyBind: [writable], masked: [absent, errors] }
