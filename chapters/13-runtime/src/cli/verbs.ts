// The verbs of `pocker oci`, each a row: its flags, its words, and what it does.
import { readFileSync, writeFileSync, existsSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { compile } from '../compile/compile.ts'
import { remove } from '../lifecycle/delete.ts'
import { kill } from '../lifecycle/kill.ts'
import { groupIn, list, pause, ps, resume, update } from '../lifecycle/manage.ts'
import { placeFor } from '../lifecycle/place.ts'
import { start } from '../lifecycle/start.ts'
import { stats } from '../lifecycle/stats.ts'
import { stateOf, statusOf } from '../lifecycle/status.ts'
import { defaultSpec } from '../spec/default.ts'
import { features } from '../spec/features.ts'
import { readResources, readSpec } from '../spec/read.ts'
import type { Resources } from '../spec/schema.ts'
import { encode, explain, machine, SpecError } from '@pocker/syscalls'
import { contents, duration, isSet, number, text, type Flags } from './flags.ts'
import { created, execute, run, staysFor, type Call } from './run.ts'

interface Verb {
  readonly words: string
  readonly count: readonly [least: number, most: number]
  readonly about: string
  readonly flags: Flags
  /** @returns the exit code */
  readonly run: (call: Call) => Promise<number> | number
}

const value = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const many = { type: 'string', multiple: true } as const
const CREATE: Flags = {
  bundle: { ...value, short: 'b' },
  'console-socket': value,
  'pid-file': value,
  'no-pivot': flag,
  'no-new-keyring': flag,
  'preserve-fds': value,
}
const EXEC: Flags = {
  process: { ...value, short: 'p' },
  'console-socket': value,
  'pid-file': value,
  detach: { ...flag, short: 'd' },
  tty: { ...flag, short: 't' },
  cwd: value,
  env: { ...many, short: 'e' },
  user: { ...value, short: 'u' },
  'additional-gids': { ...many, short: 'g' },
  'no-new-privs': flag,
  cap: { ...many, short: 'c' },
  'preserve-fds': value,
  'ignore-paused': flag,
}
const UPDATE: Flags = {
  resources: { ...value, short: 'r' },
  memory: value,
  'memory-reservation': value,
  'memory-swap': value,
  'cpu-share': value,
  'cpu-quota': value,
  'cpu-period': value,
  'cpuset-cpus': value,
  'cpuset-mems': value,
  'pids-limit': value,
  'blkio-weight': value,
}
const ONE = { words: 'ID', count: [1, 1] } as const

/** The slice of linux.resources that the flags say. */
function resourcesOf({ values }: Call): Resources {
  const file = text(values, 'resources')
  if (file !== undefined) return readResources(contents('resources', file), file)
  const numbers = (names: Readonly<Record<string, string>>): Record<string, number> =>
    Object.fromEntries(
      Object.entries(names).flatMap(([field, name]) => {
        const found = number(values, name)
        return found === undefined ? [] : [[field, found]]
      }),
    )
  const [cpus, mems] = [text(values, 'cpuset-cpus'), text(values, 'cpuset-mems')]
  const memory = numbers({ limit: 'memory', reservation: 'memory-reservation', swap: 'memory-swap' })
  const cpu = {
    ...numbers({ shares: 'cpu-share', quota: 'cpu-quota', period: 'cpu-period' }),
    ...(cpus && { cpus }),
    ...(mems && { mems }),
  }
  const [limit, weight] = [number(values, 'pids-limit'), number(values, 'blkio-weight')]
  return { memory, cpu, ...(limit !== undefined && { pids: { limit } }), ...(weight !== undefined && { blockIO: { weight } }) }
}

function print(data: unknown): number {
  writeSync(1, `${typeof data === 'string' ? data : JSON.stringify(data, null, 2)}\n`)
  return 0
}

function listed({ store, values }: Call): number {
  const all = list(store)
  if (isSet(values, 'quiet')) return all.length > 0 ? print(all.map(({ id }) => id).join('\n')) : 0
  if (text(values, 'format') === 'json') return print(all)
  const rows = [
    ['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED'],
    ...all.map(({ id, pid, status, bundle, created: at }) => [id, String(pid), status, bundle, at]),
  ]
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? []
  return print(
    rows
      .map((row) =>
        row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('   ')
          .trimEnd(),
      )
      .join('\n'),
  )
}

function writeSpec({ values }: Call): number {
  const path = join(text(values, 'bundle') ?? '.', 'config.json')
  if (existsSync(path)) throw new SpecError(`spec: expected no config.json yet, got one at ${path}`)
  writeFileSync(path, `${JSON.stringify(defaultSpec({ rootless: isSet(values, 'rootless') }), null, 2)}\n`)
  return 0
}

/** The plan, which is checked to be one that can be run. */
function explained({ values }: Call): number {
  const bundle = resolve(text(values, 'bundle') ?? '.')
  const spec = readSpec(readFileSync(join(bundle, 'config.json'), 'utf8'))
  const plan = compile(spec, placeFor(spec, { id: 'ID', bundle }))
  encode(plan.child, machine(), { go: 0, report: 0, start: 0, console: 0, ...(plan.cgroup !== undefined && { [plan.cgroup]: 0 }) })
  return print(explain(plan))
}

function processes({ store, values, words: [id = ''] }: Call): number {
  const numbers = ps(store, id)
  if (text(values, 'format') === 'json') return print(numbers)
  const rows = numbers.flatMap((pid) => {
    const name = nameOf(pid)
    return name === undefined ? [] : [`${String(pid).padStart(7)}  ${name}`]
  })
  return print(['    PID  CMD', ...rows].join('\n'))
}

/** @returns nothing if it has ended meanwhile */
function nameOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(String((error as NodeJS.ErrnoException).code))) return undefined
    throw error
  }
}

/** Whole numbers of 64 bits, written in full. No text of an event begins with #. */
const exactly = (data: object): string =>
  JSON.stringify(data, (_, one) => (typeof one === 'bigint' ? `#${one}` : one)).replace(/"#(\d+)"/g, '$1')

async function events({ store, values, words: [id = ''] }: Call): Promise<number> {
  const interval = duration(values, 'interval') ?? 5000
  const show = (): number => print(exactly({ type: 'stats', id, data: stats(store, id) }))
  if (isSet(values, 'stats')) return show()
  groupIn(store, id, 'events', ['created', 'running', 'paused']) // one that does not run is told, and is no end of a stream
  const runs = (): boolean =>
    store.ids().includes(id) && ['running', 'paused', 'created'].includes(statusOf(store, store.read(id)))
  while (runs()) {
    try {
      show()
    } catch (error) {
      if (runs()) throw error // otherwise it has ended meanwhile
    }
    await new Promise((resolve) => setTimeout(resolve, interval))
  }
  return 0
}

export const VERBS: Readonly<Record<string, Verb>> = {
  create: {
    ...ONE,
    about: 'make a container, which waits for start',
    flags: CREATE,
    run: async (call) => {
      await created(call, staysFor(call))
      return 0
    },
  },
  start: {
    ...ONE,
    about: 'let it run its program',
    flags: {},
    run: async ({ store, words: [id = ''] }) => {
      await start(store, id)
      return 0
    },
  },
  run: {
    ...ONE,
    about: 'create, start, wait and delete',
    flags: { ...CREATE, detach: { ...flag, short: 'd' }, keep: flag },
    run,
  },
  state: {
    ...ONE,
    about: 'what it is doing, as JSON',
    flags: {},
    run: ({ store, words: [id = ''] }) => print(stateOf(store, store.read(id))),
  },
  kill: {
    words: 'ID [SIGNAL]',
    count: [1, 2],
    about: 'send it a signal: TERM if none is said',
    flags: { all: { ...flag, short: 'a' } },
    run: ({ store, values, words: [id = '', signal = 'TERM'] }) => {
      kill(store, id, signal, { all: isSet(values, 'all') })
      return 0
    },
  },
  delete: {
    ...ONE,
    about: 'take away what is left of it',
    flags: { force: { ...flag, short: 'f' } },
    run: async ({ store, values, words: [id = ''], warn }) => {
      const force = isSet(values, 'force')
      try {
        for (const line of await remove(store, id, { force })) warn(line)
      } catch (error) {
        // Gone is what was asked for, though somebody else did it while we waited.
        if (!force || store.ids().includes(id)) throw error
      }
      return 0
    },
  },
  exec: { words: 'ID PROGRAM [ARG…]', count: [1, Infinity], about: 'run a further program in it', flags: EXEC, run: execute },
  ps: {
    words: 'ID',
    count: [1, Infinity],
    about: 'its processes',
    flags: { format: { ...value, short: 'f' } },
    run: processes,
  },
  list: {
    words: '',
    count: [0, 0],
    about: 'all containers',
    flags: { format: { ...value, short: 'f' }, quiet: { ...flag, short: 'q' } },
    run: listed,
  },
  pause: {
    ...ONE,
    about: 'stop all of its processes',
    flags: {},
    run: async ({ store, words: [id = ''] }) => {
      await pause(store, id)
      return 0
    },
  },
  resume: {
    ...ONE,
    about: 'let them go on',
    flags: {},
    run: async ({ store, words: [id = ''] }) => {
      await resume(store, id)
      return 0
    },
  },
  update: {
    ...ONE,
    about: 'give it other limits',
    flags: UPDATE,
    run: (call) => {
      for (const line of update(call.store, call.words[0] ?? '', resourcesOf(call))) call.warn(line)
      return 0
    },
  },
  events: { ...ONE, about: 'figures of its cgroup, each few seconds', flags: { stats: flag, interval: value }, run: events },
  spec: {
    words: '',
    count: [0, 0],
    about: 'write a config.json to begin with',
    flags: { bundle: { ...value, short: 'b' }, rootless: flag },
    run: writeSpec,
  },
  explain: {
    words: '',
    count: [0, 0],
    about: 'print the plan that create would run',
    flags: { bundle: { ...value, short: 'b' } },
    run: explained,
  },
  features: { words: '', count: [0, 0], about: 'what this runtime can do, as JSON', flags: {}, run: () => print(features()) },
}
