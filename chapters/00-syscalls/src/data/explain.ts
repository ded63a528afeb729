// A plan as text: what the parent does, the clone, and every step of the child with its reason.
//
//   explain(plan)   → lines in the notation of strace, each with the chapter it comes from and why it is there
import { formatCall } from './format.ts'
import { cloneFlags, cloneOf, type Beside, type Plan, type Step } from './isolation.ts'
import type { Syscall } from './syscall.ts'
import { SYSCALLS } from './table.ts'

interface Line { readonly text: string; readonly by: string; readonly why: string }

/** The column at which the reasons start, if the calls are shorter. */
const REASONS_AT = 58

/** @returns lines of text without a final newline */
export function explain(plan: Plan): string {
  const clone = line({ ...cloneOf(plan, [], cloneFlags(plan)), why: 'make the child' }, 'clone')
  const before = plan.before.map((step) => line(step, step.by))
  const parent = plan.needs.flatMap(({ name, make }) => make.map((call) => line(call, name)))
  const beside = plan.beside.map((work): Line => ({ text: formatBeside(work), by: 'beside', why: 'while the child waits' }))
  return [
    ...section('the parent, first', parent),
    ...(before.length > 0
      ? [...section('between parent and child', [...before, clone]), ...section('the parent', beside)]
      : section('the parent', [clone, ...beside])),
    ...section('the child', plan.child.map((step) => line(step, step.by))),
  ].join('\n')
}

/** @returns why the step is there: its own reason, or what the call does */
export const reason = (step: Syscall): string => step.why ?? SYSCALLS[step.call].about

/** @returns `write("/proc/42/uid_map", "0 1000 1")`, or the words of a program */
export function formatBeside(work: Beside): string {
  return 'run' in work ? work.run.join(' ') : `write(${JSON.stringify(work.path)}, ${JSON.stringify(work.data)})`
}

const line = (call: Syscall, by: Step['by']): Line => ({ text: formatCall(call), by, why: reason(call) })

function section(title: string, lines: readonly Line[]): string[] {
  if (lines.length === 0) return []
  const width = Math.max(...lines.map(({ by }) => by.length))
  return [`${title}:`, ...lines.map(({ text, by, why }) => `  ${by.padEnd(width)}  ${text.padEnd(REASONS_AT - width)}  # ${why}`)]
}
