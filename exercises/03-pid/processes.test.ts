// The visible checks of processes.ts. They judge what the kernel says, not what the answer prints.
import { check, Failure, mountsAt, type Exercise } from '@pocker/grader'

const namespace = check({
  id: 'namespace',
  title: 'the program is process 1 of a PID namespace of its own',
  points: 2,
  hint: 'nobody moves to another PID namespace: a process is born into it. Which flag of the clone says so?',
}, async ({ compute, run }) => {
  const { numbers, namespaces, sandbox } = await run(await compute())
  const difference = { expected: 'number 1, in a namespace of its own', seen: `number ${numbers.at(-1)}` }
  if (namespaces['pid'] === sandbox.namespaces['pid']) {
    throw new Failure('CLONE_NEWPID is missing: the program has a number of the machine\'s, not 1', difference)
  }
  if (numbers.at(-1) !== 1) throw new Failure(`expected process 1, got ${numbers.at(-1)}`, difference)
})

const proc = check({
  id: 'proc',
  title: 'a fresh /proc is mounted at /proc',
  points: 1,
  hint: 'mount(source, target, type, flags, data): the type decides what is mounted, the target where',
  lesson: 'try-it',
}, async ({ compute, run }) => {
  const { mounts, sandbox } = await run(await compute())
  const top = mountsAt(mounts, '/proc').at(-1)
  const machine = new Set(sandbox.before.mounts.map(({ device }) => device))
  const difference = { expected: 'a new mount of type proc', seen: top ? `type ${top.type}` : 'no mount at all' }
  if (top?.type !== 'proc') throw new Failure(`expected a mount of type proc at /proc, got ${top?.type}`, difference)
  if (machine.has(top.device)) {
    const seen = 'the machine\'s'
    throw new Failure('/proc is still the machine\'s: it shows the machine\'s processes', { ...difference, seen })
  }
})

const privately = check({
  id: 'private',
  title: 'the machine\'s list of mounts stays as it was',
  points: 2,
  hint: 'a new list of mounts begins as a copy whose mounts are linked to the originals. Cut the link before you mount',
  lesson: 'the-syscalls',
}, async ({ compute, run }) => {
  const { namespaces, sandbox } = await run(await compute())
  const [before, now] = [sandbox.before, sandbox.now].map(({ mounts }) => mounts.map(({ point }) => point).join(' '))
  const difference = { expected: `mounts at ${before}`, seen: `mounts at ${now}` }
  if (namespaces['mnt'] === sandbox.namespaces['mnt']) {
    throw new Failure('CLONE_NEWNS is missing: what is mounted is mounted for the whole machine', difference)
  }
  if (now !== before) throw new Failure('a mount leaked to the machine: its mounts are shared', difference)
})

export const exercise: Exercise = {
  id: '03-pid/processes', title: 'Process numbers of its own', points: 6, checks: [namespace, proc, privately],
}
