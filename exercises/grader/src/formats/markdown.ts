// Markdown: a table of the exercises, and what went wrong below it. GitHub's step summary is the same.
//
//   markdown(result)   → # alice: 7 of 10 points
import { feedback } from '../report.ts'
import type { CheckResult, Result } from '../result.ts'
import type { Verdict } from '../verdict.ts'

const MARKS: Readonly<Record<Verdict, string>> = { pass: '✅', fail: '❌', skip: '⏭️', error: '⚠️' }

export function markdown({ name, report }: Result): string {
  const rows = report.exercises.map(({ id, title, earned, points }) => `| ${text(id)} | ${text(title)} | ${earned} | ${points} |`)
  const unjudged = report.unjudged ? `\n${report.unjudged} points could not be judged here; they are not lost.\n` : ''
  const details = report.exercises.map(({ id, checks }) => `\n## ${text(id)}\n\n${checks.map(line).join('')}`)
  return `# ${text(name)}: ${report.earned} of ${report.points} points
${unjudged}
| exercise | | earned | of |
|---|---|--:|--:|
${rows.join('\n')}
${details.join('')}`
}

function line(check: CheckResult): string {
  const more = check.verdict === 'pass' ? '' : block(feedback(check))
  return `- ${MARKS[check.verdict]} ${text(check.title)} (${check.earned}/${check.points})\n${more}`
}

/** What a stranger's program said is shown as it is: in a block that it cannot close. */
function block(lines: readonly string[]): string {
  const longest = Math.max(2, ...Array.from(lines.join('\n').matchAll(/`+/g), ([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  const all = ['', `${fence}text`, ...lines.flatMap((one) => one.split('\n')), fence, '']
  return all.map((one) => (one ? `  ${one}\n` : '\n')).join('')
}

const text = (value: string): string => value.replace(/[\\`*_[\]<>|#&]/g, (char) => `\\${char}`).replace(/\s+/g, ' ')
