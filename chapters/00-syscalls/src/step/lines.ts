// The steps for a program: JSON Lines on standard output, one object for each call, the clone as number 0.
//
//   {"n":3,"total":20,"by":"uts","call":"sethostname","args":["box",3],"text":"sethostname(\"box\", 3)",
//    "why":"the container's own name","result":{"value":0},"changes":[{"what":"host name","was":"laptop","is":"box"}]}
//
// `value` is null for the execve that worked, and negative for an error, whose name stands in `error`.
// Invariant: nothing else is written there. What the container writes to its standard output goes to standard error.
import { openSync, writeSync } from 'node:fs'
import { dup3 } from '../data/calls.ts'
import { O_CLOEXEC } from '../data/constants.ts'
import { reason } from '../data/explain.ts'
import { formatCall } from '../data/format.ts'
import type { Step } from '../data/isolation.ts'
import { toJson } from '../data/json.ts'
import type { Syscall } from '../data/syscall.ts'
import { errnoText } from '../errno.ts'
import { call } from '../kernel/call.ts'
import type { Change } from '../kernel/changes.ts'
import type { Answer, Audience } from './walk.ts'

export class Lines implements Audience {
  readonly #fd = ownOutput()
  readonly #total: number

  constructor(steps: readonly Step[]) {
    this.#total = steps.length
  }

  made(clone: Syscall, pid: number, changes: readonly Change[]): void {
    this.done(0, { ...clone, by: 'clone' }, pid, changes)
  }

  done(n: number, step: Step, answer: Answer, changes: readonly Change[]): void {
    const error = answer !== undefined && answer < 0 && { error: errnoText(-answer).name }
    const line = {
      n, total: this.#total, by: step.by, call: step.call, args: argsOf(step),
      text: formatCall(step), why: reason(step),
      result: { value: answer ?? null, ...error }, changes,
    }
    writeSync(this.#fd, `${JSON.stringify(line)}\n`)
  }

  // An object says it all when the step is made; that the program ended is said by the exit code.
  upcoming(): void {}
  stopped(): void {}
  ended(): void {}
}

/** Flags by their names, as `pocker explain --json` has them. */
function argsOf(step: Step): unknown {
  const { child } = toJson({ name: step.by, child: [step] }) as { child: { args: unknown }[] }
  return child[0]?.args
}

/** @returns what was standard output, under a number that the container does not get; 1 becomes standard error */
function ownOutput(): number {
  const fd = openSync('/dev/null', 'w') // a number that is free
  call(dup3(1, fd, O_CLOEXEC))
  call(dup3(2, 1, 0))
  return fd
}
