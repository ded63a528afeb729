// The visible checks of separate.ts. They judge what the kernel says, not what the answer prints.
import { check, Failure, type Exercise } from '@pocker/grader'

const own = check({
  id: 'own',
  title: 'a private container has an IPC namespace of its own',
  points: 2,
  hint: 'which CLONE_NEW… flag is for segments, semaphores and queues?',
}, async ({ compute, run }) => {
  const { namespaces, sandbox } = await run(await compute('private'))
  if (namespaces['ipc'] === sandbox.namespaces['ipc']) {
    throw new Failure('CLONE_NEWIPC is missing: the container sees the segments of the machine')
  }
})

const host = check({
  id: 'host',
  title: 'with host, it shares the machine\'s',
  points: 1,
  hint: 'what is not in the flags is shared',
}, async ({ compute, run }) => {
  const { namespaces, sandbox } = await run(await compute('host'))
  if (namespaces['ipc'] !== sandbox.namespaces['ipc']) {
    throw new Failure('expected the IPC namespace of the machine, got a new one: host means none', {
      expected: sandbox.namespaces['ipc'] ?? '', seen: namespaces['ipc'] ?? '',
    })
  }
})

export const exercise: Exercise = {
  id: '05-ipc/separate', title: 'Its own, or the machine\'s', points: 4, checks: [own, host],
}
