// The visible checks of grouped.ts. They judge what the kernel says, not what the answer prints.
import { roots } from '@pocker/cgroup'
import { check, Failure, groupTree, same, type Context, type Exercise, type Seen, type Surroundings } from '@pocker/grader'

/** With version 2 alone there is one hierarchy: a plain file stands for one more, and shows what was written to it. */
const STAND_IN = '/tmp/hierarchy'

/**
 * @param most of the machine's hierarchies
 * @returns the container, and the name of its group
 */
export async function started(
  { compute, run, token }: Context, most = Infinity, surroundings: Surroundings = {},
): Promise<{ seen: Seen; name: string }> {
  const name = token()
  const directories = [...roots(groupTree()).slice(0, most).map((root) => `${root}/${name}`), `${STAND_IN}/${name}`]
  const groups = { name, files: [`${STAND_IN}/${name}/cgroup.procs`] }
  return { seen: await run(await compute(directories), { ...surroundings, groups }), name }
}

/** Those of the hierarchies that the answer was given. */
export function given(most = Infinity): string[] {
  const { unified, v1 } = groupTree()
  const first = new Set(roots(groupTree()).slice(0, most))
  const old = Object.entries(v1).filter(([, root]) => first.has(root ?? '')).map(([controller]) => controller)
  return [...(unified !== undefined && first.has(unified) ? ['unified'] : []), ...old]
}

const member = check({
  id: 'member',
  title: 'the container is in its group, in every hierarchy',
  points: 2,
  hint: 'a group\'s cgroup.procs takes a process number. Which one stands for the process that writes?',
  lesson: 'try-it',
}, async (context) => {
  const { seen: { groups }, name } = await started(context)
  for (const hierarchy of given()) {
    const own = groups.own[hierarchy] ?? '(none)'
    same(own, `/${name}`, `expected the container in the group /${name} of every hierarchy, got ${own} in ${hierarchy}`)
  }
  const procs = `${STAND_IN}/${name}/cgroup.procs`
  const written = groups.files[procs] ?? ''
  const message = `expected the container in the group /${name} of every hierarchy, got nothing written to ${procs}`
  if (!/^\d+$/.test(written)) throw new Failure(message, { expected: 'a process number', seen: written || 'nothing' })
})

const root = check({
  id: 'root',
  title: 'the container\'s group is the root of all that it sees',
  points: 2,
  hint: 'a new cgroup namespace has the group as its root in which the caller is at that moment',
  lesson: 'the-syscalls',
}, async (context) => {
  for (const most of [Infinity, 1]) {
    const { seen: { groups, namespaces, sandbox } } = await started(context, most)
    if (namespaces['cgroup'] === sandbox.namespaces['cgroup']) {
      throw new Failure('the container is in the machine\'s cgroup namespace: it sees where its group is')
    }
    for (const hierarchy of given(most)) {
      const shown = groups.shown[hierarchy] ?? ''
      if (shown === '/') continue
      const message = 'the container sees the path of its group: what was its group when it made the namespace?'
      throw new Failure(message, { expected: '/', seen: `${shown} in ${hierarchy}` })
    }
  }
})

export const exercise: Exercise = {
  id: '09-cgroup/grouped', title: 'In, and nothing else in sight', points: 5, checks: [member, root],
}
