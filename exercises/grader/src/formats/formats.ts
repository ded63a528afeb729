// What a result can be written as.
//
//   FORMATS.junit(result)   → text
import { gradebook } from '../book.ts'
import { lines } from '../report.ts'
import type { Result } from '../result.ts'
import type { Verdict } from '../verdict.ts'
import { classroom50 } from './classroom50.ts'
import { csv } from './csv.ts'
import { github } from './github.ts'
import { gradescope } from './gradescope.ts'
import { junit } from './junit.ts'
import { markdown } from './markdown.ts'

const MARKS: Readonly<Record<Verdict, string>> = { pass: '✓', fail: '✗', skip: 'skipped:', error: 'the grader failed:' }

export const FORMATS = {
  text: ({ report }: Result) => `${lines(report, (verdict) => MARKS[verdict]).join('\n')}\n`,
  json: (result: Result) => `${JSON.stringify(result, null, 2)}\n`,
  junit, markdown, gradescope, github,
  classroom50: (result: Result) => classroom50(result),
  csv: (result: Result) => csv(gradebook([result])),
} as const satisfies Readonly<Record<string, (result: Result) => string>>

export type Format = keyof typeof FORMATS
