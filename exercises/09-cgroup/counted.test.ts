// The visible checks of counted.ts. They judge what the kernel says, not what the answer prints.
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { check, groupTree, same, type Exercise } from '@pocker/grader'

/** Where the controller is, and what the kernel calls the hierarchy. */
function place(): { root: string; hierarchy: string } {
  const { unified = '', v1 } = groupTree('pids.max')
  const root = v1['pids']
  return root === undefined ? { root: unified, hierarchy: 'unified' } : { root, hierarchy: 'pids' }
}

const limit = check({
  id: 'limit',
  title: 'the kernel has the limit that was asked for',
  points: 2,
  hint: 'open pids.max for writing, write the number as text, close',
  lesson: 'try-it',
}, async ({ compute, run, token }) => {
  const [name, max] = [token(), randomInt(20, 2000)]
  const directory = join(place().root, name)
  const file = join(directory, 'pids.max')
  const { groups } = await run(await compute(directory, max), { groups: { name, files: [file] } })
  const seen = groups.files[file] ?? ''
  same(seen, String(max), `expected ${max} in pids.max, got ${seen}`)
})

const inside = check({
  id: 'inside',
  title: 'the container is in the group',
  points: 1,
  hint: 'a limit counts for those who are in the group. Who is in it, as long as nobody enters?',
  lesson: 'try-it',
}, async ({ compute, run, token }) => {
  const name = token()
  const { root, hierarchy } = place()
  const files = [join(root, name, 'pids.max')]
  const { groups } = await run(await compute(join(root, name), randomInt(20, 2000)), { groups: { name, files } })
  const own = groups.own[hierarchy] ?? '(none)'
  same(own, `/${name}`, `expected the container in the group /${name}, got ${own}`)
})

export const exercise: Exercise = {
  id: '09-cgroup/counted', title: 'Sixteen and no more', points: 5, checks: [limit, inside],
}
