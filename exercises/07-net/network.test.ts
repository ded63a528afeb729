// The visible checks of network.ts. They judge what the kernel says, not what the answer prints.
import { check, Failure, type Exercise, type Link } from '@pocker/grader'

const own = check({
  id: 'own',
  title: 'a container with none has a network namespace of its own',
  points: 1,
  hint: 'which CLONE_NEW… flag is for devices, addresses and ports?',
}, async ({ compute, run }) => {
  const { namespaces, sandbox } = await run(await compute('none'))
  if (namespaces['net'] === sandbox.namespaces['net']) {
    throw new Failure('CLONE_NEWNET is missing: the container sees every packet of the machine')
  }
})

/** What ip(8) would say of a list of devices. */
const describe = (links: readonly Link[]): string =>
  links.map(({ name, up }) => `${name} ${up ? 'up' : 'down'}`).join(', ') || 'none'

const loopback = check({
  id: 'loopback',
  title: 'it has lo and nothing else, and lo is up',
  points: 1,
  hint: 'a new namespace has a lo, and it is down. One call changes the flags of a device; it needs a socket to ask through',
  lesson: 'the-syscalls',
}, async ({ compute, run }) => {
  const { links } = await run(await compute('none'))
  const seen = describe(links)
  if (seen !== 'lo up') throw new Failure(`expected lo up, got ${seen}`, { expected: 'lo up', seen })
})

/** In the sandbox, the neighbours' numbers begin with 2. */
const FIRST = 2
const NEIGHBOURS = 3

const joined = check({
  id: 'joined',
  title: 'with a path, it is in the namespace which that file stands for',
  points: 2,
  hint: 'open the file, then setns. A child that is born without the flag can go there itself',
}, async ({ compute, run }) => {
  for (const i of [0, NEIGHBOURS - 1]) {
    const path = `/proc/${FIRST + i}/ns/net`
    const { namespaces, sandbox } = await run(await compute({ path }), { neighbours: NEIGHBOURS })
    const [seen, expected] = [namespaces['net'] ?? '', sandbox.neighbours[i]?.['net'] ?? '']
    if (seen === expected) continue
    const where = seen === sandbox.namespaces['net'] ? 'the machine\'s'
      : sandbox.neighbours.some(({ net }) => net === seen) ? 'that of another process' : 'one of its own'
    throw new Failure(`expected the network namespace ${path}, got ${where}`, { expected, seen })
  }
})

export const exercise: Exercise = {
  id: '07-net/network', title: 'Its own, the machine\'s, or another one', points: 6, checks: [own, loopback, joined],
}
