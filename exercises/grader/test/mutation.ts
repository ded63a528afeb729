// Right plans, each made wrong in one place.
//
//   mutants(plans)   → [{ id: 'child 2: dropped', make(plan) → plan }, …]
//
// A mutant is a place and a change, since a plan is computed anew for each check: where a plan has no such place, it stays.
// A place counts equal calls in a row as one: `child 2.5 (prctl)` is the sixth of the third row. So it is the same place for
// arguments that a check draws by lot, and of which each becomes a step.
import { CLONE, formatFlags, paramsOf, type Beside, type Isolation, type Kind, type Syscall, type Value } from '@pocker/syscalls'

export interface Mutant {
  readonly id: string
  readonly make: (plan: Isolation) => Isolation
}

/** @param plans that an answer gave, for all arguments that the checks have */
export function mutants(plans: readonly Isolation[]): Mutant[] {
  const all = new Map<string, Mutant>()
  for (const plan of plans) for (const mutant of of(plan)) if (!all.has(mutant.id)) all.set(mutant.id, mutant)
  return [...all.values()]
}

function* of(plan: Isolation): Generator<Mutant> {
  for (const [name, bit] of Object.entries(CLONE)) {
    const flag = BigInt(bit)
    if (!((plan.flags ?? 0n) & flag)) continue
    yield { id: `flags: without ${formatFlags({ [name]: bit }, flag)}`, make: (to) => ({ ...to, flags: (to.flags ?? 0n) & ~flag }) }
  }
  for (const part of ['before', 'child'] as const) {
    yield* inList(part, plan[part] ?? [], (to, change) => (to[part] ? { ...to, [part]: change(to[part]) } : to))
  }
  yield* beside(plan.beside ?? [])
}

type InList = (to: Isolation, change: (list: readonly Syscall[]) => readonly Syscall[]) => Isolation

function* inList(where: string, list: readonly Syscall[], apply: InList): Generator<Mutant> {
  const places = placesOf(list)
  for (const [i, step] of list.entries()) {
    const place = places[i] as string
    const at = `${where} ${place}`
    const change = (make: (own: Syscall) => Syscall | undefined): Mutant['make'] => (to) => apply(to, (own) => {
      const here = placesOf(own).indexOf(place)
      return own.flatMap((one, j) => (here === j ? make(one) ?? [] : [one]))
    })
    yield { id: `${at}: dropped`, make: change(() => undefined) }
    const next = list[i + 1]
    if (next && JSON.stringify(plain(next)) !== JSON.stringify(plain(step))) {
      // The last of a row may be another one next time.
      const find = rowOf(next) === rowOf(step) ? (own: readonly Syscall[]) => placesOf(own).indexOf(place)
        : (own: readonly Syscall[]) => placesOf(own).indexOf(places[i + 1] as string) - 1
      const id = rowOf(next) === rowOf(step) ? at : `${where} ${place.replace(/\.\d+/, '')}`
      yield { id: `${id}: swapped with ${next.call}`, make: (to) => apply(to, (own) => swapped(own, find(own))) }
    }
    for (const [j, value] of step.args.entries()) {
      for (const [what, other] of others(value, paramsOf(step)[j]?.kind)) {
        yield { id: `${at}: argument ${j} ${what}`, make: change((own) => ({ ...own, args: own.args.map((arg, k) => (k === j ? other(arg) : arg)) })) }
      }
    }
    if (step.mayFail) yield { id: `${at}: must not fail`, make: change(({ mayFail, ...own }) => (mayFail ? own : own)) }
    if (step.onZero) {
      yield* inList(`${at} onZero`, step.onZero, (to, deeper) => apply(to, (own) => {
        const here = placesOf(own).indexOf(place)
        return own.map((one, k) => (k === here && one.onZero ? { ...one, onZero: deeper(one.onZero) } : one))
      }))
    }
  }
}

/** Calls of one row: prctl(2) is one call for each of its options. */
const rowOf = ({ call, args }: Syscall): string => (call === 'prctl' ? `${call} ${String(args[0])}` : call)

/** @returns a place for each step: `2 (prctl)`, `2.1 (prctl)`, `3 (capset)` */
function placesOf(list: readonly Syscall[]): string[] {
  let [row, inRow] = [-1, 0]
  return list.map((step, i) => {
    const before = list[i - 1]
    ;[row, inRow] = before && rowOf(before) === rowOf(step) ? [row, inRow + 1] : [row + 1, 0]
    return `${row}${inRow > 0 ? `.${inRow}` : ''} (${step.call})`
  })
}

function* beside(list: readonly Beside[]): Generator<Mutant> {
  for (const i of list.keys()) {
    const change = (make: (own: Beside) => readonly Beside[]): Mutant['make'] => (to) =>
      ({ ...to, beside: (to.beside ?? []).flatMap((one, j) => (i === j ? make(one) : [one])) })
    yield { id: `beside ${i}: dropped`, make: change(() => []) }
    yield { id: `beside ${i}: other data`, make: change((own) => ('data' in own ? [{ ...own, data: own.data.replace(/\d+/, (n) => String(Number(n) + 1)).replace(/^deny$/, 'allow') }] : [own])) }
    if (i + 1 < list.length) yield { id: `beside ${i}: swapped`, make: (to) => ({ ...to, beside: swapped(to.beside ?? [], i) }) }
  }
}

type Change = readonly [what: string, change: (value: Value) => Value]

/** What an argument could be instead. */
function others(value: Value, kind?: Kind): Change[] {
  if (typeof value === 'number' || typeof value === 'bigint') {
    const plus = (by: number): Change[1] => (own) => (typeof own === 'bigint' ? own + BigInt(by) : typeof own === 'number' ? own + by : own)
    if (kind?.is !== 'flags') return [['one more', plus(1)], ['one less', plus(-1)]]
    return bitsOf(BigInt(value)).map((bit) => [`without ${formatFlags(kind.names, bit)}`, (own) => (typeof own === 'bigint' ? own & ~bit : typeof own === 'number' ? Number(BigInt(own) & ~bit) : own)])
  }
  if (typeof value === 'string') return [['other text', (own) => (typeof own === 'string' ? `${own}x` : own)]]
  if (value === null) return []
  if (Array.isArray(value)) return value.map((_, i) => [`without item ${i}`, (own) => (Array.isArray(own) ? own.filter((__, j) => i !== j) : own)])
  if ('hex' in value) {
    const bytes = String(value.hex).length / 2
    return [...new Set([0, 4, 6, bytes >> 1, bytes - 1])].filter((at) => at >= 0 && at < bytes).map((at) => [`byte ${at} flipped`, (own) => flipped(own, at)])
  }
  if ('out' in value || 'resultOf' in value || 'outOf' in value) return []
  const kinds = kind?.is === 'struct' ? new Map(kind.layout.fields.map((field) => [field.name, field.kind])) : undefined
  return Object.entries(value).flatMap(([field, inner]) => others(inner as Value, kinds?.get(field)).map(([what, change]): Change =>
    [`${field} ${what}`, (own) => (typeof own === 'object' && own !== null ? { ...own, [field]: change((own as Record<string, Value>)[field] ?? null) } as Value : own)]))
}

function flipped(value: Value, at: number): Value {
  const bytes = Buffer.from(String((value as { hex?: string }).hex ?? ''), 'hex')
  if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ 1
  return { hex: bytes.toString('hex') }
}

/** Of what may be flags: not of what is below 0, nor of a number that is too large to have single bits named. */
const bitsOf = (value: bigint): bigint[] =>
  (value < 0n ? [] : Array.from({ length: 40 }, (_, i) => 1n << BigInt(i)).filter((bit) => value & bit))

const swapped = <T>(list: readonly T[], i: number): T[] =>
  (i >= 0 && i + 1 < list.length ? [...list.slice(0, i), list[i + 1] as T, list[i] as T, ...list.slice(i + 2)] : [...list])

const plain = (step: Syscall): unknown => JSON.parse(JSON.stringify(step, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
