// The visible checks of pivot.ts. They judge the mount table that the kernel shows.
import { check, Failure, type Exercise, type Mount } from '@pocker/grader'
import { rootfs } from './rootfs.ts'

const points = (mounts: readonly Mount[]): string => mounts.map(({ point }) => point).toSorted().join(' ')

const alone = check({
  id: 'alone',
  title: 'the directory is the root, and nothing else is left in the mount table',
  points: 2,
  hint: 'pivot_root is EINVAL if the new root is no mount, or lies below a shared one. Which call takes the old root off afterwards?',
}, async ({ compute, run, token }) => {
  const root = `/tmp/${token()}`
  const isolation = await compute(root)
  const { mounts, sandbox } = await run({ ...isolation, before: [...rootfs(root), ...isolation.before ?? []] })
  const device = sandbox.before.mounts.find(({ point }) => point === '/tmp')?.device
  if (!mounts.some((mount) => mount.point === '/' && mount.device === device)) {
    const expected = `a mount of ${root} at /`
    throw new Failure(`${root} is not the root of a mount table`, { expected, seen: points(mounts) })
  }
  if (mounts.length > 1) {
    throw new Failure('mounts of the machine are left in the table', { expected: '/', seen: points(mounts) })
  }
})

const kept = check({
  id: 'kept',
  title: 'the machine keeps its own mount table as it is',
  points: 1,
  hint: 'the machine\'s mounts are shared: which step must come before any other mount, and in which namespace?',
}, async ({ compute, run, token }) => {
  const root = `/tmp/${token()}`
  const isolation = await compute(root)
  const { namespaces, sandbox } = await run({ ...isolation, before: [...rootfs(root), ...isolation.before ?? []] })
  if (namespaces['mnt'] === sandbox.namespaces['mnt']) {
    throw new Failure('CLONE_NEWNS is missing: the machine would have lost its root')
  }
  const [expected, seen] = [points(sandbox.before.mounts), points(sandbox.now.mounts)]
  if (seen !== expected) throw new Failure('a mount went out to the machine', { expected, seen })
})

export const exercise: Exercise = { id: '04-mount/pivot', title: 'No way back', points: 6, checks: [alone, kept] }
