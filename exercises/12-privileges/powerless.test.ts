// The visible checks of powerless.ts. They judge what the kernel says, not what the answer prints.
import { randomInt } from 'node:crypto'
import { check, same, type Exercise } from '@pocker/grader'
import { CAP } from '@pocker/syscalls'

/** Of those that every kernel knows, and without the one that it takes to drop others. In the order of their numbers. */
const some = (): string[] => Object.entries(CAP)
  .filter(([name, bit]) => bit <= 37 && name !== 'CAP_SETPCAP' && randomInt(5) === 0).map(([name]) => name)

const bounding = check({
  id: 'bounding',
  title: 'no other capability can ever come back',
  points: 2,
  hint: 'whoever executes a program as root gets what the bounding set has. What does it take to drop one from it?',
  lesson: 'try-it',
}, async ({ compute, run }) => {
  for (const keep of [some(), []]) {
    const { rights } = await run(await compute(keep))
    const [expected, got] = [keep.join(' '), rights.capabilities.bounding.join(' ')]
    same(got, expected, `CapBnd: expected ${expected || 'none'}, got ${got || 'none'}`)
  }
})

const effective = check({
  id: 'effective',
  title: 'the program has all those that were asked for',
  points: 1,
  hint: 'the program is root, who gets by execve what the bounding set still has. Is it root?',
  lesson: 'try-it',
}, async ({ compute, run }) => {
  const keep = [...some().filter((name) => name !== 'CAP_SETFCAP'), 'CAP_SETFCAP']
  const { rights: { capabilities } } = await run(await compute(keep))
  for (const [name, set] of [['CapPrm', capabilities.permitted], ['CapEff', capabilities.effective]] as const) {
    const lacking = keep.filter((one) => !set.includes(one)).join(' ')
    same(lacking, '', `${name}: expected ${keep.join(' ')}, but it lacks ${lacking}`)
  }
})

export const exercise: Exercise = {
  id: '12-privileges/powerless', title: 'Root in name only', points: 6, checks: [bounding, effective],
}
