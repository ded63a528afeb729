// `course doctor`: what this machine can do, and what to do about the rest.
//
//   await doctor()   → prints one line for each thing, and what follows; exit code 0 if exercises can be graded by the kernel
import { diagnosis, type Finding } from '@pocker/grader'
import colors from 'picocolors'
import { examineAll } from './machine.ts'

const SIGNS: Readonly<Record<Finding['state'], string>> = { ok: colors.green('✓'), less: colors.yellow('–'), no: colors.red('✗') }
/** Without these, no answer can be graded, not even as data. */
const NEEDED = ['kernel']
/** Without these, no plan can be run. */
const RUNS = ['box', 'sandbox']

export async function doctor(): Promise<number> {
  const findings = await examineAll()
  const lines = diagnosis(findings, (state) => SIGNS[state]).slice(0, -1) // its last one is for who grades a class
  console.log([...lines, '', ...conclusion(findings)].join('\n'))
  return cannot(findings, [...NEEDED, ...RUNS]) ? 1 : 0
}

const cannot = (findings: readonly Finding[], names: readonly string[]): boolean =>
  findings.some(({ name, state }) => state === 'no' && names.includes(name))

/** What it means for the student. */
export function conclusion(findings: readonly Finding[]): string[] {
  if (cannot(findings, NEEDED)) return ['Nothing can be graded here yet: see the lines with ✗.']
  if (cannot(findings, RUNS)) {
    return [
      'This machine makes no containers. Checks that only read your plan are graded;',
      'those that ask the kernel are skipped, and cost nothing. A virtual machine can do the rest: see docs/student.md.',
    ]
  }
  if (findings.every(({ state }) => state === 'ok')) return ['All exercises can be graded here.']
  return ['The exercises can be graded here. A check that needs what is missing is skipped, and says so.']
}
