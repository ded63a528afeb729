// Hooks: programs that the config names, run at six moments of a container's life, with its state on standard input.
//
//   await runHooks('poststop', hooks.poststop, state)                            → in the namespaces of the runtime
//   await runHooks('createContainer', hooks…, state, hookInside(pid, bundle))    → in those of the container
//
// Invariant: in the order of the list; the first that fails ends it, with its name and what it said; only at the end all are run.
import { spawnSync } from 'node:child_process'
import { SpecError } from '@pocker/syscalls'
import type { Hook } from '../spec/schema.ts'
import type { State } from './status.ts'

export type Moment = 'prestart' | 'createRuntime' | 'createContainer' | 'startContainer' | 'poststart' | 'poststop'

/** How a hook is run, if not as a child of ours. */
export type RunHook = (hook: Hook, state: string) => Promise<HookResult>
interface HookResult {
  readonly status: number | null
  readonly signal: string | null
  readonly said: string
  readonly late: boolean
}

/** @see OCI runtime spec, config.md, "POSIX-platform Hooks" */
// region hooks
export async function runHooks(moment: Moment, hooks: readonly Hook[] = [], state: State, run: RunHook = here): Promise<void> {
  for (const [i, hook] of hooks.entries()) {
    const failed = failureOf(`hooks.${moment}[${i}]`, hook, await run(hook, JSON.stringify(state)))
    if (failed) throw failed
  }
}
// endregion

/** Those of the end: each is run, whatever became of the others. @returns a line for each that failed */
export async function runAllHooks(moment: Moment, hooks: readonly Hook[] = [], state: State): Promise<string[]> {
  const failures: (SpecError | undefined)[] = []
  for (const [i, hook] of hooks.entries()) {
    failures.push(failureOf(`hooks.${moment}[${i}]`, hook, await here(hook, JSON.stringify(state))))
  }
  return failures.flatMap((failed) => (failed ? [failed.message] : []))
}

function failureOf(what: string, hook: Hook, { status, signal, said, late }: HookResult): SpecError | undefined {
  if (status === 0) return undefined
  const how = late ? `got none within ${hook.timeout} s` : `got ${signal ?? `exit code ${status}`}`
  return new SpecError(`${what}: expected ${hook.path} to succeed, ${how}${said ? `: ${said}` : ''}`)
}

const MS = 1000

async function here({ path, args = [path], env = [], timeout }: Hook, input: string): Promise<HookResult> {
  const result = spawnSync(path, args.slice(1), {
    argv0: args[0] ?? path,
    input,
    encoding: 'utf8',
    // As much as it likes to say: at a limit, node would kill it.
    stdio: ['pipe', 'ignore', 'pipe'],
    maxBuffer: Infinity,
    env: Object.fromEntries(env.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)])),
    ...(timeout !== undefined && { timeout: timeout * MS, killSignal: 'SIGKILL' as const }),
  })
  const code = (result.error as NodeJS.ErrnoException | undefined)?.code
  // A hook need not read its state.
  const failed = code !== undefined && code !== 'ETIMEDOUT' && code !== 'EPIPE'
  return {
    status: failed ? null : result.status,
    signal: failed ? code : result.signal,
    late: code === 'ETIMEDOUT',
    said: (result.stderr ?? '').trim().split('\n').at(-1) ?? '',
  }
}
