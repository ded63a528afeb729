// JUnit XML: a test suite for each exercise, a test case for each check.
//
//   junit(result)   → <testsuites …>
//
// A wrong answer is a failure, a fault of the grader an error, what this machine cannot judge is skipped.
import { feedback } from '../report.ts'
import type { CheckResult, ExerciseResult, Result } from '../result.ts'
import type { Verdict } from '../verdict.ts'

export function junit({ name, report }: Result): string {
  const suites = report.exercises.map(suite)
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites${attributes({ name, ...counts(report.exercises.flatMap(({ checks }) => checks)) })}>
${suites.join('')}</testsuites>
`
}

function suite({ id, earned, points, checks }: ExerciseResult): string {
  const properties = Object.entries({ earned, points })
    .map(([name, value]) => `      <property${attributes({ name, value })}/>\n`).join('')
  return `  <testsuite${attributes({ name: id, ...counts(checks), time: 0 })}>
    <properties>
${properties}    </properties>
${checks.map((check) => testCase(id, check)).join('')}  </testsuite>
`
}

function testCase(id: string, check: CheckResult): string {
  const name = `${check.title} (${check.earned}/${check.points})`
  const open = `    <testcase${attributes({ name, classname: id.replace('/', '.'), time: 0 })}`
  const element = ELEMENTS[check.verdict]
  if (element === undefined) return `${open}/>\n`
  const type = { failure: 'Failure', error: 'Grader', skipped: undefined }[element]
  const message = attributes({ message: check.message ?? '', ...(type && { type }) })
  const body = element === 'skipped' ? '/>' : `>${escape(feedback(check).join('\n'))}</${element}>`
  return `${open}>\n      <${element}${message}${body}\n    </testcase>\n`
}

type Element = 'failure' | 'skipped' | 'error'
const ELEMENTS: Readonly<Record<Verdict, Element | undefined>> =
  { pass: undefined, fail: 'failure', skip: 'skipped', error: 'error' }

function counts(checks: readonly CheckResult[]): Record<string, number> {
  const count = (verdict: Verdict): number => checks.filter((check) => check.verdict === verdict).length
  return { tests: checks.length, failures: count('fail'), errors: count('error'), skipped: count('skip') }
}

const attributes = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values).map(([name, value]) => ` ${name}="${escape(String(value))}"`).join('')

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }

/** XML 1.0 has no place for most control characters, and messages are written by strangers. */
const escape = (text: string): string => text
  .replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
  .replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char)
