// Changes of a config, as words of a Dockerfile: `import --change 'CMD ["sh"]'`, `commit --change`.
//
//   applyChanges({}, ['ENV A=1', 'CMD ["sh"]'])   → { Env: ['A=1'], Cmd: ['sh'] }
//
// Invariant: a line either changes the config as it says, or is refused by name.
import { posix } from 'node:path'
import { SpecError } from '@pocker/syscalls'
import type { RunConfig } from '../format/config.ts'

type Change = (config: RunConfig, words: string) => RunConfig

// region table
const CHANGES: Readonly<Record<string, Change>> = {
  CMD: (config, words) => ({ ...config, Cmd: command(config, words) }),
  ENTRYPOINT: (config, words) => ({ ...config, Entrypoint: command(config, words) }),
  ENV: (config, words) => ({ ...config, Env: pairs(words).reduce(setVariable, config.Env ?? []) }),
  EXPOSE: (config, words) => ({ ...config, ExposedPorts: { ...config.ExposedPorts, ...keys(split(words).flatMap(ports)) } }),
  LABEL: (config, words) => ({ ...config, Labels: { ...config.Labels, ...Object.fromEntries(pairs(words)) } }),
  ONBUILD: (config, words) => ({ ...config, OnBuild: [...config.OnBuild ?? [], words] }),
  STOPSIGNAL: (config, words) => ({ ...config, StopSignal: one(words) }),
  USER: (config, words) => ({ ...config, User: one(words) }),
  VOLUME: (config, words) => ({ ...config, Volumes: { ...config.Volumes, ...keys(list(words) ?? split(words)) } }),
  WORKDIR: (config, words) => ({ ...config, WorkingDir: posix.resolve('/', config.WorkingDir ?? '', one(words)) }),
}
// endregion

/** @throws {SpecError} naming the line */
export function applyChanges(config: RunConfig, changes: readonly string[]): RunConfig {
  const { Cmd: _, ...withoutCommand } = config
  const begin = changes.some((line) => /^\s*ENTRYPOINT\s/i.test(line)) ? withoutCommand : config // it is for the old one
  return changes.reduce((now, line) => {
    const [, word = '', words = ''] = /^\s*(\w+)\s+(.*?)\s*$/s.exec(line) ?? []
    const change = Object.hasOwn(CHANGES, word.toUpperCase()) ? CHANGES[word.toUpperCase()] : undefined
    if (!change || words === '') throw wrong(`one of ${Object.keys(CHANGES).join(', ')} and its words`, line)
    return change(now, words)
  }, begin)
}

const wrong = (expected: string, got: string): SpecError =>
  new SpecError(`change: expected ${expected}, got ${JSON.stringify(got.slice(0, 80))}`)

/** A list as it is; anything else is for a shell. */
const command = ({ Shell = ['/bin/sh', '-c'] }: RunConfig, words: string): readonly string[] => list(words) ?? [...Shell, words]

function list(words: string): string[] | undefined {
  if (!words.startsWith('[')) return undefined
  try {
    const data: unknown = JSON.parse(words)
    return Array.isArray(data) && data.every((word) => typeof word === 'string') ? data : undefined
  } catch {
    return undefined
  }
}

/** Words, of which quotes hold several together, and a backslash means what follows it. */
const split = (words: string): string[] => (words.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/gs) ?? []).map(unquoted)
const QUOTED = /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/gs
const unquoted = (word: string): string => word.replace(QUOTED, (_, double?: string, single?: string, escaped?: string) =>
  double?.replace(/\\(.)/gs, '$1') ?? single ?? escaped ?? '')

/** `A=1 B="two words"`; or, as it was once written, `A one value`. */
function pairs(words: string): [string, string][] {
  const [first = ''] = split(words)
  if (!first.includes('=')) {
    const [key = '', value] = words.split(/\s+(.*)/s)
    if (value === undefined) throw wrong('NAME=VALUE', words)
    return [[key, value]]
  }
  return split(words).map((word) => {
    const [key = '', value] = word.split(/=(.*)/s)
    if (key === '' || value === undefined) throw wrong('NAME=VALUE', word)
    return [key, value]
  })
}

function setVariable(env: readonly string[], [key, value]: [string, string]): readonly string[] {
  const isIt = (one: string): boolean => one.startsWith(`${key}=`)
  return env.some(isIt) ? env.map((one) => (isIt(one) ? `${key}=${value}` : one)) : [...env, `${key}=${value}`]
}

const keys = (names: readonly string[]): Record<string, object> => Object.fromEntries(names.map((name) => [name, {}]))

/** `80`, `53/udp`; of `80-82`, each. */
function ports(text: string): string[] {
  const [, first = '', last = first, protocol = 'tcp'] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? []
  const [from, to] = [Number(first), Number(last)]
  if (first === '' || to > 65_535 || to < from) throw wrong('a port such as 80/tcp', text)
  return Array.from({ length: to - from + 1 }, (_, i) => `${from + i}/${protocol.toLowerCase()}`)
}

function one(words: string): string {
  const [word = '', ...more] = split(words)
  if (more.length > 0) throw wrong('one word', words)
  return word
}
