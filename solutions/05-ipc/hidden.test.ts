// The hidden checks of chapter 05.
import { check, Failure, mountsAt, same, type HiddenChecks } from '@pocker/grader'
import { mayFail, mkdir, type Syscall } from '@pocker/syscalls'

const MiB = 1024 * 1024

const made = (place: string): Syscall[] => [mayFail(mkdir(place, 0o755), 'EEXIST')]

const only = check({
  id: 'only',
  title: 'no other namespace is new',
  points: 1,
  hint: 'one flag is enough: each of the others takes something else away from the container',
}, async ({ compute, run }) => {
  for (const mode of ['private', 'host']) {
    const { namespaces, sandbox } = await run(await compute(mode))
    const others = Object.keys(namespaces)
      .filter((type) => type !== 'ipc' && namespaces[type] !== sandbox.namespaces[type])
    same(others.join(' '), '', `expected no other new namespace, got ${others.join(' ')}`)
  }
})

const quiet = check({
  id: 'quiet',
  title: 'the machine\'s mounts stay as they were',
  points: 2,
  hint: 'a new mount table still passes mounts on where they are shared: what was the first step of chapter 04?',
}, async ({ compute, run, token }) => {
  // The one is in the root's mount, the other in a mount below it.
  for (const place of ['/home', `/tmp/${token()}`]) {
    const { before: steps = [], ...isolation } = await compute(place)
    const { sandbox: { before, now } } = await run({ ...isolation, before: [...made(place), ...steps] })
    const more = now.mounts.filter(({ id }) => !before.mounts.some((mount) => mount.id === id))
    if (more.length > 0 || now.mounts.length !== before.mounts.length) {
      throw new Failure('the mount appeared on the machine as well: expected it in the container only', {
        expected: `${before.mounts.length} mounts`, seen: more.map(({ type, point }) => `${type} at ${point}`).join(', '),
      })
    }
  }
})

const safe = check({
  id: 'safe',
  title: 'no program, no device and no set-user-id is taken from it',
  points: 1,
  hint: 'three flags of mount(2) begin with MS_NO: /proc had them too',
}, async ({ compute, run }) => {
  const { mounts } = await run(await compute('/home'))
  const options = mounts.find(({ type }) => type === 'mqueue')?.options ?? []
  const missing = ['nosuid', 'nodev', 'noexec'].filter((option) => !options.includes(option))
  if (missing.length > 0) throw new Failure(`expected nosuid nodev noexec, and this is missing: ${missing.join(' ')}`)
})

const own = check({
  id: 'own',
  title: 'the machine sees nothing of it',
  points: 2,
  hint: 'a mount table of its own, and not one that passes its mounts on: what was the first step of chapter 04?',
}, async ({ compute, run, token }) => {
  for (const place of ['/home', `/tmp/${token()}`]) {
    const { before: steps = [], ...isolation } = await compute(place, MiB)
    const { sandbox: { before, now } } = await run({ ...isolation, before: [...made(place), ...steps] })
    const [expected, seen] = [before, now].map(({ mounts }) => mounts.map(({ point }) => point).join(' '))
    if (seen !== expected) throw new Failure('the mount appeared on the machine as well: expected it in the container only', {
      expected: `mounts at ${expected}`, seen: `mounts at ${seen}`,
    })
  }
})

const harmless = check({
  id: 'harmless',
  title: 'no program, no device and no set-user-id is taken from it',
  points: 1,
  hint: 'everybody may write there: so nobody should be able to execute what somebody has written',
}, async ({ compute, run }) => {
  const { mounts } = await run(await compute('/home', MiB))
  const options = mountsAt(mounts, '/home').at(-1)?.options ?? []
  const missing = ['nosuid', 'nodev', 'noexec'].filter((option) => !options.includes(option))
  if (missing.length > 0) throw new Failure(`expected nosuid nodev noexec at /home, and this is missing: ${missing.join(' ')}`)
})

export const hidden: HiddenChecks = { separate: [only], queues: [quiet, safe], shm: [own, harmless] }
