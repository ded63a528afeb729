// The words of `docker run`: -v, --mount and --tmpfs, each to one entry of the spec.
//
//   parseVolume('/srv/data:/data:ro')                       → a bind mount
//   parseMount('type=tmpfs,target=/scratch,tmpfs-size=64m') → a tmpfs
//   parseTmpfs('/run:size=1m')                              → a tmpfs
//
// Invariant: pure. Whether a source exists is the caller's to see: -v makes a missing directory, --mount refuses it.
import { resolve } from 'node:path'
import { SpecError } from '@pocker/syscalls'
import type { Mount } from './mount.ts'
import { below, parsePropagation } from './options.ts'

/** Docker's options for a tmpfs, before the user's own. */
const TMPFS = ['nosuid', 'nodev', 'noexec']
/** Bytes, or with k, m or g; or a part of the machine's memory. @see tmpfs(5) */
const SIZE = /^\d+([kmg]?b?|%)$/i

/** @param text HOST:CONTAINER[:OPTION,…]. @throws {SpecError} */
export function parseVolume(text: string): Mount {
  const [source = '', place, words = '', ...rest] = text.split(':')
  if (place === undefined || rest.length > 0) throw new SpecError(`--volume: expected HOST:CONTAINER[:OPTIONS], got ${text}`)
  if (!source.startsWith('/')) throw new SpecError(`--volume: expected an absolute path on the host, got ${JSON.stringify(source)}`)
  const destination = cleaned('--volume', place)
  const options = words.split(',').filter(Boolean)
  const [access, spread] = [options.filter((word) => ACCESS.has(word)), options.filter((word) => !ACCESS.has(word))]
  for (const word of spread) parsePropagation('--volume: option beside ro and rw', word)
  if (access.length > 1 || spread.length > 1) throw new SpecError(`--volume: expected ro or rw, and one propagation, got ${words}`)
  // rw is how it is bound anyway. Said to the kernel, it would open what the host has mounted read-only.
  const readonly = access.includes('ro') ? [below('ro')] : []
  return { destination, type: 'bind', source, options: ['rbind', ...readonly, ...spread] }
}

/** @param text comma-separated key=value, a field in double quotes if it holds a comma. @throws {SpecError} */
export function parseMount(text: string): Mount {
  const fields = new Map(csv(text).map((field) => {
    const [key = '', ...value] = field.split('=')
    return [ALIASES.get(key) ?? key, value.join('=')] as const
  }))
  const type = fields.get('type') ?? 'volume'
  const keys = KEYS.get(type)
  if (!keys) throw new SpecError(`--mount: expected type=bind or type=tmpfs, got ${type}`)
  const unknown = [...fields.keys()].find((key) => !keys.includes(key))
  if (unknown !== undefined) {
    throw new SpecError(`--mount: expected one of ${keys.join(', ')} for a ${type}, got ${JSON.stringify(unknown)}`)
  }
  const destination = cleaned('--mount: target', fields.get('target') ?? '')
  const readonly = fields.has('readonly') && isOn('--mount: readonly', fields.get('readonly') ?? '') ? ['ro'] : []
  if (type === 'tmpfs') {
    const [size, mode] = [fields.get('tmpfs-size'), fields.get('tmpfs-mode')]
    const given = [...(size === undefined ? [] : [`size=${size}`]), ...(mode === undefined ? [] : [`mode=${mode}`])]
    return tmpfs(destination, [...readonly, ...given])
  }
  const source = fields.get('source') ?? ''
  absolute('--mount: source', source)
  const propagation = fields.get('bind-propagation')
  if (propagation !== undefined) parsePropagation('--mount: bind-propagation', propagation)
  const spread = propagation === undefined ? [] : [propagation]
  return { destination, type, source, options: ['rbind', ...readonly.map(below), ...spread] }
}

const ACCESS = new Set(['ro', 'rw'])
const ALIASES = new Map([['src', 'source'], ['dst', 'target'], ['destination', 'target'], ['ro', 'readonly']])
const KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ['bind', ['type', 'source', 'target', 'readonly', 'bind-propagation']],
  ['tmpfs', ['type', 'target', 'readonly', 'tmpfs-size', 'tmpfs-mode']],
])

/** Within double quotes a comma is none, and a quote is written twice. @see RFC 4180 */
const csv = (text: string): string[] => Array.from(`,${text}`.matchAll(/,(?:"((?:[^"]|"")*)"(?=,|$)|([^,]*))/g),
  ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain)

/** As Go reads it; nothing means true. */
function isOn(what: string, word: string): boolean {
  if (/^(1|t|true)?$/i.test(word)) return true
  if (/^(0|f|false)$/i.test(word)) return false
  throw new SpecError(`${what}: expected true or false, got ${JSON.stringify(word)}`)
}

/** @param text CONTAINER[:OPTION,…]. @throws {SpecError} */
export function parseTmpfs(text: string): Mount {
  const [place = '', words = ''] = text.split(/:(.*)/s)
  return tmpfs(cleaned('--tmpfs', place), words.split(',').filter(Boolean))
}

function tmpfs(destination: string, options: readonly string[]): Mount {
  const size = options.find((word) => word.startsWith('size='))?.slice('size='.length)
  if (size !== undefined && !SIZE.test(size)) {
    throw new SpecError(`size: expected a number of bytes such as 65536, 64k or 1g, got ${JSON.stringify(size)}`)
  }
  // The kernel takes 64k; Docker takes 64kb as well.
  const words = options.map((word) => word.replace(/^(size=\d+[kmg]?)b$/i, '$1'))
  return { destination, type: 'tmpfs', source: 'tmpfs', options: [...TMPFS, ...words] }
}

function absolute(what: string, path: string): void {
  if (!path.startsWith('/')) throw new SpecError(`${what}: expected an absolute path, got ${JSON.stringify(path)}`)
}

/** @returns the place in one way of several to write it: what is said twice, or replaces one of ours, has to be seen */
function cleaned(what: string, path: string): string {
  absolute(what, path)
  return resolve(path)
}
