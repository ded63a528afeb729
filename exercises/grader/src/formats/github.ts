// GitHub Actions: workflow commands that put each failed check on the answer's file, for the log of a step.
//
//   github(result)   → ::error file=exercises/02-uts/hostname.ts,title=…::…
//
// The step's summary is Markdown: grade --format github appends it to the file that GITHUB_STEP_SUMMARY names.
import { feedback } from '../report.ts'
import { checksOf, type Result } from '../result.ts'

export function github({ report }: Result): string {
  const lines = checksOf(report).filter(({ check }) => check.verdict !== 'pass').map(({ exercise, check }) => {
    const kind = check.verdict === 'fail' ? 'error' : 'warning'
    const properties = { file: `exercises/${exercise.id}.ts`, line: '1', title: `${exercise.id}: ${check.title}` }
    const list = Object.entries(properties).map(([name, value]) => `${name}=${property(value)}`).join(',')
    return `::${kind} ${list}::${data(feedback(check).join('\n'))}`
  })
  return [...lines, `::notice title=points::${report.earned} of ${report.points} points`].map((one) => `${one}\n`).join('')
}

/** As @actions/core writes them: no text can begin a command of its own. */
const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
