// What the grader's tests share: wrong answers with what they must get, answers made for a test, and what a run may
// leave.
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { below, findTree } from '@pocker/cgroup'
import { exercises, grade, ROOT, type ExerciseResult, type Found } from '@pocker/grader'

export const all = await exercises()

export const exercise = (id: string): Found => {
  const found = all.find((one) => one.id === id)
  if (!found) throw new Error(`no exercise ${id}`)
  return found
}

export interface WrongAnswer {
  readonly file: string
  readonly exercise: string
  readonly wrong: string
  readonly score: number
  readonly says: string
}

/** The files of solutions/NN-topic/wrong, with their headers. */
export function wrongAnswers({ chapter, name }: Found): WrongAnswer[] {
  const folder = join(ROOT, 'solutions', chapter, 'wrong')
  return readdirSync(folder).map((file) => header(join(folder, file))).filter(({ exercise }) => exercise === name)
}

function header(file: string): WrongAnswer {
  const text = readFileSync(file, 'utf8')
  const field = (name: string): string => {
    const [, value] = new RegExp(`^// ${name}: (.+)$`, 'm').exec(text) ?? []
    if (value === undefined) throw new Error(`${file}: expected a line // ${name}: …, got none`)
    return value
  }
  const [exercise, wrong, says] = [field('exercise'), field('wrong'), field('says')]
  return { file, exercise, wrong, score: Number(field('score')), says }
}

/** Grades a text as an answer. */
export async function gradeText(text: string, seconds = 10, id = '02-uts/hostname'): Promise<ExerciseResult> {
  const folder = mkdtempSync(join(tmpdir(), 'pocker-answer-'))
  try {
    const file = join(folder, `${exercise(id).name}.ts`)
    writeFileSync(file, text)
    return await grade(exercise(id), file, { seconds })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const failed = ({ checks }: ExerciseResult): string[] =>
  checks.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id)

export const messages = ({ checks }: ExerciseResult): string[] =>
  checks.flatMap(({ message }) => (message === undefined ? [] : [message]))

/** What must be the same after a run as before it; esbuild, a process of its own, comes and goes. */
export const traces = (): Record<string, unknown> => ({
  hostname: hostname(),
  // All that the grader mounts is below its own folder; others may mount what they like meanwhile.
  mounts: readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter((line) => line.includes('/pocker/grader/')),
  descriptors: readdirSync('/proc/self/fd').filter((fd) => target(`/proc/self/fd/${fd}`).startsWith('pipe:')).length,
  groups: below({ tree: findTree(), path: '/pocker' }).filter((name) => name.startsWith(`grade-${process.pid}.`)),
  temporary: readdirSync(tmpdir()).filter((name) => name.startsWith('pocker-answer-') || name.startsWith(`pocker-handed-${process.pid}.`)).toSorted(),
  children: readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && parent(pid) === String(process.pid))
    .map(program).filter((name) => name !== 'esbuild'),
})

const target = (link: string): string => {
  try {
    return readlinkSync(link)
  } catch {
    return '' // closed meanwhile
  }
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
const parent = (pid: string): string => /^PPid:\t(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? ''
const program = (pid: string): string => read(`/proc/${pid}/comm`).trim()
