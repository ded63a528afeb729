// What another grading changed.
//
//   changes(before, after)   → lines: who, points before and after, which checks
import { checksOf, type Result } from './result.ts'

export function changes(before: readonly Result[], after: readonly Result[]): string[] {
  const old = new Map(before.map((result) => [result.name, result]))
  const lines = after.flatMap((result) => {
    const was = old.get(result.name)
    if (!was) return [`${result.name}  new: ${result.report.earned} of ${result.report.points}`]
    const differing = difference(was, result)
    if (differing.length === 0 && was.report.earned === result.report.earned) return []
    const note = was.versions.submission === result.versions.submission ? '' : '  (handed in again)'
    return [`${result.name}  ${was.report.earned} → ${result.report.earned} of ${result.report.points}${note}`, ...differing]
  })
  const names = new Set(after.map(({ name }) => name))
  const gone = before.filter(({ name }) => !names.has(name)).map(({ name }) => `${name}  is not there any more`)
  return lines.length + gone.length > 0 ? [...lines, ...gone] : [`${after.length} submissions, and nothing changes`]
}

function difference(was: Result, is: Result): string[] {
  const [old, now] = [was, is].map(({ report }) =>
    new Map(checksOf(report).map(({ exercise, check }) => [`${exercise.id}:${check.id}`, check]))) as [Checks, Checks]
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((id) => {
    const [a, b] = [old.get(id)?.verdict ?? 'not there', now.get(id)?.verdict ?? 'not there']
    return a === b ? [] : [`    ${id}  ${a} → ${b}${now.get(id)?.message ? `: ${now.get(id)?.message}` : ''}`]
  })
}

type Checks = Map<string, ReturnType<typeof checksOf>[number]['check']>
