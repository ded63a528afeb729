// `docker run --cpus --mem`: from words to a group.
import { because, close, O_CLOEXEC, O_WRONLY, open, SpecError, write, type Isolation, type Syscall } from '@pocker/syscalls'

interface Group { readonly version: 1 | 2; readonly cpu: string; readonly memory: string }

/** Microseconds, and bytes. */
const [PERIOD, QUOTA_LEAST, MEMORY_LEAST] = [100_000, 1000, 6 * 1024 * 1024]
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }

/** @throws {SpecError} naming the flag */
export function asked({ version, cpu, memory }: Group, words: readonly string[]): Isolation {
  const { '--cpus': cpus, '--mem': size } = flags(words)
  const limits = [
    ...(cpus === undefined ? [] : quotaFiles(version, quota(cpus)).map(([file, value]) => [`${cpu}/${file}`, value] as const)),
    ...(size === undefined ? [] : [[`${memory}/${version === 2 ? 'memory.max' : 'memory.limit_in_bytes'}`, bytes(size)] as const]),
  ]
  const entered = [...new Set([cpu, memory])].map((directory) => [`${directory}/cgroup.procs`, 0] as const)
  return { name: 'asked', child: [...limits, ...entered].flatMap(([path, value]) => put(path, String(value))) }
}

type Flag = '--cpus' | '--mem'

function flags(words: readonly string[]): Partial<Record<Flag, string>> {
  const found: Partial<Record<Flag, string>> = {}
  for (let i = 0; i < words.length; i++) {
    const [, flag = '', , joined] = /^(--cpus|--mem)(=(.*))?$/s.exec(words[i] ?? '') ?? []
    if (!flag) throw new SpecError(`expected --cpus or --mem, got ${words[i]}`)
    found[flag as Flag] = joined ?? words[++i] ?? ''
  }
  return found
}

function quota(text: string): number {
  const value = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Math.round(Number(text) * PERIOD) : NaN
  if (value >= QUOTA_LEAST) return value
  throw new SpecError(`--cpus: expected a number of at least 0.01, such as 1.5, got ${text}`)
}

const quotaFiles = (version: 1 | 2, value: number): readonly (readonly [file: string, value: number | string])[] =>
  (version === 2 ? [['cpu.max', `${value} ${PERIOD}`]] : [['cpu.cfs_period_us', PERIOD], ['cpu.cfs_quota_us', value]])

function bytes(text: string): number {
  const [, number = NaN, unit = ''] = /^(\d+(?:\.\d+)?)(?:([kmg])(?:i?b)?|b)?$/i.exec(text) ?? []
  const value = Math.floor(Number(number) * (UNITS[unit.toLowerCase()] ?? NaN))
  if (value >= MEMORY_LEAST) return value
  throw new SpecError(`--mem: expected at least 6 MiB, such as 64m, got ${text}`)
}

const put = (path: string, value: string): Syscall[] => [
  { ...open(path, O_WRONLY | O_CLOEXEC), as: path },
  because('a file of a group takes its value in one write', write({ resultOf: path }, value)),
  close({ resultOf: path }),
]
