// The visible checks of configured.ts. A program of the check's is the image's, and tells what the kernel gave to it.
import { check, Failure, same, type Exercise } from '@pocker/grader'
import { program, told } from './stage.ts'

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const words = check({
  id: 'words',
  title: 'what the user typed replaces Cmd, and Entrypoint stays in front of either',
  points: 2,
  hint: 'two lists, one behind the other. Which of them do the words replace, and when?',
  lesson: 'try-it',
}, async (context) => {
  const [own, fixed, usual, typed] = [program(context), context.token(), context.token(), context.token()]
  const config = { Entrypoint: [own.path, fixed], Cmd: [usual] }
  const shown = (list: readonly string[]): string => ['PROGRAM', ...list].join(' ')
  for (const [asked, expected] of [[[], [fixed, usual]], [[typed, 'x y'], [fixed, typed, 'x y']]] as const) {
    const seen = (await told(context, own, { config, words: asked })).words
    const message = `with ${asked.length} words, expected ${shown(expected)} to run, got ${shown(seen)}`
    same(seen.join('\n'), expected.join('\n'), message)
  }
})

const environment = check({
  id: 'environment',
  title: 'the environment is the image\'s; it has a PATH, Docker\'s if the image has none',
  points: 1,
  hint: 'nothing of the machine\'s is in it. And who looks a program up, if nobody says where?',
  lesson: 'try-it',
}, async (context) => {
  const [own, name, value] = [program(context), context.token(), context.token()]
  const one = `${name}=${value}`
  const shown = (list: readonly string[]): string => list.toSorted().join(' ')
  const first = await told(context, own, { config: { Cmd: [own.path], Env: [one] }, words: [] })
  const expected = shown([DEFAULT_PATH, one])
  same(shown(first.environment), expected, `expected the environment ${expected}, got ${shown(first.environment)}`)
  const path = `PATH=/nowhere:${own.directory}`
  const second = await told(context, own, { config: { Cmd: [own.name], Env: [path, one] }, words: [] })
  const both = shown([path, one])
  same(shown(second.environment), both, `expected the environment ${both}, got ${shown(second.environment)}`)
})

const directory = check({
  id: 'directory',
  title: 'the program begins in WorkingDir, which is made if it is missing, with all that is above it',
  points: 1,
  hint: 'mkdir makes one directory. And those that are there already are no reason to stop',
  lesson: 'the-code',
}, async (context) => {
  const own = program(context)
  const missing = `${own.directory}/${context.token()}/${context.token()}`
  for (const WorkingDir of [own.directory, missing]) {
    const seen = (await told(context, own, { config: { Cmd: [own.path], WorkingDir }, words: [] })).directory
    if (seen !== WorkingDir) throw new Failure(`expected the directory ${WorkingDir}, got ${seen}`, { expected: WorkingDir, seen })
  }
})

export const exercise: Exercise = {
  id: '15-images/configured', title: 'As the image says', points: 8, checks: [words, environment, directory],
}
