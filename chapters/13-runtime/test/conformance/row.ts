// A row of the table: where the spec says it, what it demands in our words, and how that is seen.
//
//   inside({ change: (config) => { config.hostname = 'box' } }, [
//     ['config.md, Hostname', 'the container has it', 'hostname', 'box'],
//   ])
//   does('runtime.md, Kill', 'one that has ended is an error', (t) => …)
//   refuses('config.md, Root', 'a root that is no directory', (config) => { config.root.path = 'none' })
//
// Invariant: a row throws if and only if its demand is not met; rows do not see each other.
import assert from 'node:assert/strict'
import type { Config } from './config.ts'
import type { Bench, Box } from './bench.ts'

export interface Row {
  readonly section: string
  readonly demand: string
  readonly run: (t: Bench) => void
}

export const title = ({ section, demand }: Pick<Row, 'section' | 'demand'>): string => `${section}: ${demand}`

export type Change = (config: Config, t: Bench, box: Box) => void
export type Expected = string | RegExp | ((seen: string, t: Bench) => void)
/** What a shell in the container says. */
export type Inside = readonly [section: string, demand: string, script: string, expected: Expected]

export const does = (section: string, demand: string, run: Row['run']): Row => ({ section, demand, run })

const MARK = '@@@'

/** One container for all of the scripts; each in a shell of its own. */
export function inside({ change = () => {} }: { readonly change?: Change }, rows: readonly Inside[]): Row[] {
  // Told in two parts, so that the script itself, as /proc has it, holds no mark.
  const script = rows.map(([, , text], i) => `echo; echo @'@@'${i}\n( ${text}\n) 2>&1`).join('\n')
  const key = {}
  return rows.map(([section, demand, , expected], i) => does(section, demand, (t) => {
    const said = t.once(key, () => t.box((config, _, box) => {
      config.process.args = ['/bin/sh', '-c', script]
      change(config, t, box)
    }).run())
    const seen = said.stdout.split(new RegExp(`^${MARK}`, 'm')).find((part) => part.startsWith(`${i}\n`))
    if (seen === undefined) assert.fail(`nothing was said; exit code ${said.code}, ${said.stderr.trim() || said.stdout.slice(-300)}`)
    compare(seen.slice(`${i}\n`.length).trimEnd(), expected, t)
  }))
}

function compare(seen: string, expected: Expected, t: Bench): void {
  if (typeof expected === 'function') expected(seen, t)
  else if (typeof expected === 'string') assert.equal(seen, expected)
  else assert.match(seen, expected)
}

/** `create` is an error, and nothing is left of it. */
export const refuses = (section: string, demand: string, change: Change): Row => does(section, demand, (t) => {
  const box = t.box(change)
  const made = box.create()
  const state = box.call('state')
  assert.notEqual(made.code, 0, 'create was no error')
  assert.notEqual(state.code, 0, `the container is there: ${state.stdout}`)
  assert.ok(!box.hasGroup(), 'the cgroup is left')
})
