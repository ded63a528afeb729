// The visible checks of first.ts. They judge what the kernel says, not what the answer prints.
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { check, Failure, Lacks, same, type Exercise } from '@pocker/grader'

/** Its files in /proc are to be its own. */
const ROOT = { uid: 0, gid: 0 }
const MOST = 1000
/** Less would fit into the file of old kernels too. */
const LEAST = 20

/** More than the grader has itself: not even root of the sandbox may go below that. */
function some(): number {
  const own = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'))
  if (own + LEAST >= MOST) throw new Lacks(`the grader's own oom_score_adj is ${own}: little is left to add`)
  return randomInt(Math.max(own, 0) + LEAST, MOST)
}

const added = check({
  id: 'added',
  title: 'the points are the container\'s',
  points: 2,
  hint: 'a file in /proc takes them. Whose directory is /proc/self?',
  lesson: 'who-is-chosen',
}, async ({ compute, run }) => {
  for (const points of [some(), some()]) {
    const { score } = await run(await compute(points), { user: ROOT })
    same(String(score), String(points), `expected ${points} in the container's oom_score_adj, got ${score}`)
  }
})

const alone = check({
  id: 'alone',
  title: 'parent and neighbours keep theirs',
  points: 2,
  hint: 'in which list is a step that changes only the container: before, or child? And do you know its number?',
  lesson: 'the-syscalls',
}, async ({ compute, run }) => {
  const own = readFileSync('/proc/self/oom_score_adj', 'utf8').trim()
  const { score, sandbox: { scores: [parent, neighbour] } } = await run(await compute(some()), { user: ROOT, neighbours: 1 })
  same(String(parent), own, `expected ${own} in the parent's oom_score_adj, got ${parent}`)
  same(String(neighbour), own, `expected ${own} in the neighbour's oom_score_adj, got ${neighbour}`)
  if (String(score) === own) throw new Failure(`expected more than ${own} in the container's oom_score_adj, got no change`)
})

export const exercise: Exercise = {
  id: '11-memory/first', title: 'This one first', points: 5, checks: [added, alone],
}
