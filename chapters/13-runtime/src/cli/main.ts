// `pocker oci`: the command line of an OCI runtime, with runc's verbs and flags, so that other engines can use it.
//
//   pocker oci create --bundle B --pid-file P web && pocker oci start web
//
// It is a bundle of its own, and loads what a verb needs and no more: engines call it for every container.
import { appendFileSync, writeSync } from 'node:fs'
import { SpecError, StartError, SyscallError } from '@pocker/syscalls'
import { Store } from '../lifecycle/store.ts'
import { isSet, split, text, type Flags } from './flags.ts'
import { VERBS } from './verbs.ts'

const GLOBAL: Flags = {
  root: { type: 'string' },
  log: { type: 'string' },
  'log-format': { type: 'string' },
  debug: { type: 'boolean' },
  'systemd-cgroup': { type: 'boolean' },
  rootless: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
}

/** Where state is kept, if nothing is said. An ordinary user has a place of his own. */
function defaultRoot(): string {
  const { POCKER_RUN, XDG_RUNTIME_DIR } = process.env
  return `${POCKER_RUN ?? (process.geteuid?.() === 0 || !XDG_RUNTIME_DIR ? '/run/pocker' : `${XDG_RUNTIME_DIR}/pocker`)}/oci`
}

/** One line: where engines look for it, and for whoever types it. */
function report(log: string | undefined, format: string | undefined, level: 'error' | 'warning', line: string): void {
  const msg = line.replace(/\s*\n\s*/g, ' ')
  if (log !== undefined) {
    const time = new Date().toISOString()
    const entry =
      format === 'json' ? JSON.stringify({ level, msg, time }) : `time="${time}" level=${level} msg=${JSON.stringify(msg)}`
    try {
      appendFileSync(log, `${entry}\n`)
    } catch (error) {
      writeSync(2, `pocker oci: --log: expected a file to write to, got ${(error as NodeJS.ErrnoException).code} at ${log}\n`)
    }
  }
  writeSync(2, `pocker oci: ${msg}\n`)
}

const usage = (): string =>
  [
    'pocker oci [--root DIR] [--log FILE] [--log-format text|json] VERB …',
    '',
    ...Object.entries(VERBS).map(([name, { words, about }]) => `  ${`${name} ${words}`.padEnd(34)} ${about}`),
  ].join('\n')

/** @returns the exit code */
export async function oci(args: readonly string[]): Promise<number> {
  let log: string | undefined, format: string | undefined
  try {
    const {
      values,
      words: [verb, ...rest],
    } = split(args, GLOBAL)
    log = text(values, 'log')
    format = text(values, 'log-format')
    if (isSet(values, 'systemd-cgroup'))
      throw new SpecError('--systemd-cgroup: expected cgroups that are made as directories, as nothing here asks systemd')
    if (isSet(values, 'version')) return print('pocker oci version 0.1.0\nspec: 1.2.0')
    if (isSet(values, 'help') || verb === undefined || verb === 'help') return print(usage())
    const found = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
    if (!found) throw new SpecError(`expected one of ${Object.keys(VERBS).join(', ')}, got ${JSON.stringify(verb)}`)
    const own = split(rest, { ...found.flags, help: { type: 'boolean', short: 'h' } })
    if (isSet(own.values, 'help'))
      return print(
        `pocker oci ${verb} ${found.words}\n\n${Object.keys(found.flags)
          .map((flag) => `  --${flag}`)
          .join('\n')}`,
      )
    const [least, most] = found.count
    if (own.words.length < least || own.words.length > most)
      throw new SpecError(`${verb}: expected ${found.words}, got ${own.words.length} words`)
    return await found.run({
      store: new Store(text(values, 'root') ?? defaultRoot()),
      values: own.values,
      words: own.words,
      warn: (line) => report(log, format, 'warning', line),
    })
  } catch (error) {
    if (!(error instanceof SpecError || error instanceof SyscallError || 'syscall' in (error as object))) throw error
    report(log, format, 'error', (error as Error).message)
    return error instanceof StartError ? error.exitCode : 1
  }
}

function print(line: string): number {
  writeSync(1, `${line}\n`)
  return 0
}
