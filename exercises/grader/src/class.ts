// How a class did, from its results.
//
//   classView(results)   → { data, lines }: points in tenths, and the checks by how often they fail
//
// Expected and seen values hold tokens: for the commonest message, whatever looks like one is left out.
import { checksOf, type CheckResult, type Result } from './result.ts'

interface CheckView {
  readonly id: string
  readonly title: string
  readonly failed: number
  readonly judged: number
  /** The commonest one, and how many got it. */
  readonly message?: string
  readonly times?: number
}

export interface ClassView {
  readonly submissions: number
  /** Points, of those that there are. */
  readonly points: number
  readonly mean: number
  readonly median: number
  /** How many got 0–9 %, 10–19 %, …, 90–99 %, 100 %. */
  readonly tenths: readonly number[]
  readonly checks: readonly CheckView[]
  readonly unjudged: readonly string[]
}

export function classView(results: readonly Result[]): { data: ClassView; lines: string[] } {
  const shares = results.map(({ report }) => (report.points > 0 ? report.earned / report.points : 0))
  const earned = results.map(({ report }) => report.earned).toSorted((a, b) => a - b)
  const middle = [earned[Math.floor((earned.length - 1) / 2)] ?? 0, earned[Math.floor(earned.length / 2)] ?? 0]
  const data: ClassView = {
    submissions: results.length, points: Math.max(0, ...results.map(({ report }) => report.points)),
    mean: earned.reduce((all, points) => all + points, 0) / Math.max(1, earned.length),
    median: ((middle[0] ?? 0) + (middle[1] ?? 0)) / 2,
    tenths: Array.from({ length: 11 }, (_, i) => shares.filter((one) => Math.floor(one * 10 + 1e-9) === i).length),
    checks: checkViews(results),
    unjudged: results.filter(({ report }) => report.unjudged > 0).map(({ name }) => name),
  }
  return { data, lines: linesOf(data) }
}

function checkViews(results: readonly Result[]): CheckView[] {
  const all = new Map<string, CheckResult[]>()
  for (const { exercise, check } of results.flatMap(({ report }) => checksOf(report))) {
    const id = `${exercise.id}:${check.id}`
    all.set(id, [...all.get(id) ?? [], check])
  }
  const views = [...all].map(([id, checks]): CheckView => {
    const failures = checks.filter(({ verdict }) => verdict === 'fail')
    const said = new Map<string, number>()
    for (const { message = '' } of failures) said.set(plain(message), (said.get(plain(message)) ?? 0) + 1)
    const [commonest] = [...said].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    return {
      id, title: checks[0]?.title ?? '', failed: failures.length,
      judged: checks.filter(({ verdict }) => verdict === 'pass' || verdict === 'fail').length,
      ...(commonest && { message: commonest[0], times: commonest[1] }),
    }
  })
  return views.toSorted((a, b) => b.failed - a.failed || (a.id < b.id ? -1 : 1))
}

const plain = (message: string): string => message.replace(/\bt[0-9a-f]{5,}\b/g, '…').replace(/\d+/g, 'N')

function linesOf({ submissions, points, mean, median, tenths, checks, unjudged }: ClassView): string[] {
  const most = Math.max(1, ...tenths)
  const bars = tenths.map((count, i) => {
    const label = i === 10 ? '100 %' : `${i * 10}–${i * 10 + 9} %`
    return `${label.padStart(8)}  ${'█'.repeat(Math.ceil(count / most * 40))} ${count}`
  })
  const failing = checks.filter(({ failed }) => failed > 0).flatMap(({ id, title, failed, judged, message, times }) => [
    `${`${failed} of ${judged}`.padStart(12)}  ${id}  ${title}`,
    ...(message && times !== undefined && times > 1 ? [`${''.padStart(12)}  ${times} times: ${message}`] : []),
  ])
  return [
    `${submissions} submissions, ${mean.toFixed(1)} of ${points} points on average, half of them ${median} or more`,
    '', ...bars, '',
    ...(failing.length > 0 ? ['failed most:', ...failing] : ['no check fails']),
    ...(unjudged.length > 0 ? ['', `not judged in full: ${unjudged.join(', ')}`] : []),
  ]
}
