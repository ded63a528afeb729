// The visible checks of queues.ts. They judge what the kernel says, not what the answer prints.
import { check, Failure, mountsAt, type Exercise } from '@pocker/grader'

const mounted = check({
  id: 'mounted',
  title: 'a file system of the type mqueue is mounted at the place that was asked for',
  points: 1,
  hint: 'mount(source, target, type, flags, data): the type is mqueue, the target is what you were given',
}, async ({ compute, run }) => {
  for (const place of ['/home', '/root']) {
    const { mounts } = await run(await compute(place))
    const type = mountsAt(mounts, place).at(-1)?.type ?? 'nothing'
    if (type !== 'mqueue') {
      const difference = { expected: 'mqueue', seen: type }
      throw new Failure(`expected a mount of the type mqueue at ${place}, got ${type}`, difference)
    }
  }
})

const namespace = check({
  id: 'namespace',
  title: 'the queues are the container\'s own',
  points: 2,
  hint: 'a mount of this type shows the queues of a namespace: whose?',
}, async ({ compute, run }) => {
  const { namespaces, sandbox } = await run(await compute('/home'))
  if (namespaces['ipc'] === sandbox.namespaces['ipc']) {
    throw new Failure('CLONE_NEWIPC is missing: these are the queues of the machine')
  }
})

export const exercise: Exercise = {
  id: '05-ipc/queues', title: 'Queues to look at', points: 6, checks: [mounted, namespace],
}
