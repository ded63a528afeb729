// The visible checks of readonlyBind.ts.
import { check, Failure, mountsAt, same, type Context, type Exercise, type Mount, type Seen } from '@pocker/grader'
import { mkdir, mount } from '@pocker/syscalls'

interface Looked {
  readonly seen: Seen
  readonly source: string
  readonly target: string
  readonly bound: Mount | undefined
}

/** The source is a file system of its own, made in the sandbox: so that it can be told from all others. */
async function look({ compute, run, token }: Context): Promise<Looked> {
  const [source, target] = [`/tmp/${token()}`, `/tmp/${token()}`]
  const { before = [], ...isolation } = await compute({ source, target })
  const made = [mkdir(source, 0o755), mkdir(target, 0o755), mount('source', source, 'tmpfs', 0, null)]
  const seen = await run({ ...isolation, before: [...made, ...before] })
  return { seen, source, target, bound: mountsAt(seen.mounts, target).at(-1) }
}

const bound = check({
  id: 'bound',
  title: 'the target shows what is in the source',
  points: 1,
  hint: 'a bind mount has a path as its source and no type',
}, async (context) => {
  const { seen, source, target, bound } = await look(context)
  const device = mountsAt(seen.sandbox.now.mounts, source).at(-1)?.device ?? ''
  const got = bound ? 'another file system' : 'no mount'
  same(bound?.device ?? got, device, `expected ${source} at ${target}, got ${got}`)
})

const readonly = check({
  id: 'readonly',
  title: 'the container cannot write to it',
  points: 2,
  hint: 'mount(2), "Creating a bind mount": which flags does the kernel look at besides MS_BIND?',
  lesson: 'break-it',
}, async (context) => {
  const { target, bound } = await look(context)
  const seen = bound?.options.join(',') ?? 'no mount'
  if (!bound?.options.includes('ro')) throw new Failure(`${target} is writable`, { expected: 'the option ro', seen })
})

const kept = check({
  id: 'kept',
  title: 'the machine does not see the mount',
  points: 1,
  hint: 'a namespace of its own is half of it; the machine\'s mounts are shared',
}, async (context) => {
  const { seen, target } = await look(context)
  if (seen.namespaces['mnt'] === seen.sandbox.namespaces['mnt']) {
    throw new Failure('CLONE_NEWNS is missing: the mount was made on the machine')
  }
  if (mountsAt(seen.sandbox.now.mounts, target).length > 0) throw new Failure('the mount went out to the machine')
})

export const exercise: Exercise = {
  id: '04-mount/readonlyBind', title: 'Look, do not touch', points: 5, checks: [bound, readonly, kept],
}
