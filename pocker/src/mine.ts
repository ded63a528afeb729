// `pocker run --mine`: a container built with a student's own answers, in the outer sandbox that grading has.
//
//   process.exitCode = await runMine('busybox', ['sh'], options)
//
// Every chapter's part that has been solved is the student's; the rest is ours.
// Invariant: nothing outside of the sandbox changes, whatever is wrong with an answer that once passed.
import { foreground, plan, SpecError, type Isolation, type Json } from '@pocker/syscalls'
import { isolations, newId, type Answered } from './container.ts'
import { say } from './errors.ts'
import type { Options } from './flags.ts'
import { ensureDirectory } from './image.ts'
import { privileges } from './privileges.ts'

/** Whoever has only the tool has no course, so it is loaded when it is asked for. */
const course = () => import('@pocker/course/mine')

/** @throws {SpecError} naming the flag at fault, or the answer */
export async function runMine(name: string, words: readonly string[], options: Options): Promise<number> {
  refuseOutside(options)
  const { answersTo, IMAGE, runEnclosed, sandboxRoot } = await course()
  const [id, owner] = [newId(), sandboxRoot()]
  const image = await ensureDirectory(name, owner)
  const composed = (answered: Answered): Isolation[] => {
    const allowed = privileges(options, { image, groupsDenied: owner === undefined }, answered)
    const who = { id, users: undefined, allowed, within: true, answered } as const
    return isolations({ ...image, root: { path: IMAGE } }, words, options, who)
  }
  const asked: { exercise: string; args: readonly Json[] }[] = []
  composed((exercise, ...args) => void asked.push({ exercise, args }))
  const answers = await answersTo(asked)
  say(`yours: ${[...answers.keys()].toSorted().join(', ') || 'nothing yet'}; the rest is ours`)
  const made = plan([foreground(), ...composed((exercise) => answers.get(exercise))])
  return runEnclosed({ name: 'container', ...made }, image.root.path)
}

/** Flags about what the sandbox does not have: the machine's files, processes and control groups. */
const OUTSIDE = [
  'userns', 'uidmap', 'gidmap', 'volume', 'mount', 'device', 'cgroupns', 'cgroupParent', 'pidsLimit', 'cpus', 'cpuPeriod',
  'cpuQuota', 'cpuShares', 'cpusetCpus', 'cpusetMems', 'memory', 'memoryReservation', 'memorySwap', 'memorySwappiness',
  'oomKillDisable', 'oomScoreAdj', 'blkioWeight', 'deviceReadBps', 'deviceWriteBps', 'deviceReadIops', 'deviceWriteIops',
] as const satisfies readonly (keyof Options)[]

function refuseOutside(options: Options): void {
  const isGiven = (value: Options[keyof Options]): boolean => (Array.isArray(value) ? value.length > 0 : value !== undefined)
  const joins = (['pid', 'ipc', 'network'] as const).find((flag) => options[flag]?.startsWith('container:'))
  const flag = joins ?? OUTSIDE.find((name) => isGiven(options[name]))
  if (flag === undefined) return
  const spelled = flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const lacks = 'this machine\'s files, containers and control groups'
  throw new SpecError(`--${spelled}: the sandbox of --mine has none of ${lacks}; leave it out`)
}
