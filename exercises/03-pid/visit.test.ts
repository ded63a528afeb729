// The visible checks of visit.ts.
import { check, Failure, type Exercise } from '@pocker/grader'

/** In the sandbox, the neighbours' numbers begin with 2. */
const FIRST = 2
const NEIGHBOURS = 3

const inside = check({
  id: 'inside',
  title: 'the container is in the PID namespace of the process that was named',
  points: 3,
  hint: 'setns moves only the children to come: is it in before, or in child? And who visits a namespace asks for no new one',
}, async ({ compute, run }) => {
  for (const i of [0, NEIGHBOURS - 1]) {
    const { namespaces, numbers, sandbox } = await run(await compute(FIRST + i), { neighbours: NEIGHBOURS })
    const [seen, expected] = [namespaces['pid'] ?? '', sandbox.neighbours[i]?.['pid'] ?? '']
    const difference = { expected, seen }
    if (seen === sandbox.namespaces['pid']) {
      throw new Failure(`the container is in the machine's PID namespace, not in that of ${FIRST + i}`, difference)
    }
    if (seen !== expected && numbers.at(-1) === 1) {
      throw new Failure('the container has a PID namespace of its own, instead of the one it should visit', difference)
    }
    if (seen !== expected) {
      throw new Failure(`the container is not in the PID namespace of process ${FIRST + i}`, difference)
    }
  }
})

export const exercise: Exercise = {
  id: '03-pid/visit', title: 'Visit a running container', points: 5, checks: [inside],
}
