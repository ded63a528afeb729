// The words of `docker run`: -v, --mount and --tmpfs, each to one entry of the spec.
//
//   parseVolume('/srv/data:/data:ro')                       → a bind mount
//   parseMount('type=tmpfs,target=/scratch,tmpfs-size=64m') → a tmpfs
//   parseTmpfs('/run:size=1m')                              → a tmpfs
//
// Invariant: pure. Whether a source exists is the caller's to see: -v makes a missing directory, --mount refuses it.
import { SpecError } from '@pocker/syscalls'
import type { Mount } from './mount.ts'
import { below, parsePropagation } from './options.ts'

/** Docker's options for a tmpfs, before the user's own. */
const TMPFS = ['nosuid', 'nodev', 'noexec']
/** Bytes, or with k, m or g. */
const SIZE = /^\d+[kmg]?b?$/i

/** @param text HOST:CONTAINER[:OPTION,…]. @throws {SpecError} */
export function parseVolume(text: string): Mount {
  const [source = '', destination, words = '', ...rest] = text.split(':')
  if (destination === undefined || rest.length > 0) throw new SpecError(`--volume: expected HOST:CONTAINER[:OPTIONS], got ${text}`)
  if (!source.startsWith('/')) throw new SpecError(`--volume: expected an absolute path on the host, got ${JSON.stringify(source)}`)
  absolute('--volume', destination)
  const options = words.split(',').filter(Boolean)
  for (const word of options) {
    if (word !== 'ro' && word !== 'rw') parsePropagation('--volume: option', word)
  }
  return { destination, type: 'bind', source, options: ['rbind', ...options.map(below)] }
}

/** @param text comma-separated key=value. @throws {SpecError} */
export function parseMount(text: string): Mount {
  const fields = new Map(text.split(',').map((field) => {
    const [key = '', ...value] = field.split('=')
    return [ALIASES[key] ?? key, value.join('=')] as const
  }))
  const unknown = [...fields.keys()].find((key) => !KEYS.includes(key))
  if (unknown !== undefined) throw new SpecError(`--mount: expected one of ${KEYS.join(', ')}, got ${JSON.stringify(unknown)}`)
  const destination = fields.get('target') ?? ''
  absolute('--mount: target', destination)
  const readonly = fields.has('readonly') && !['false', '0'].includes(fields.get('readonly') ?? '') ? ['ro'] : []
  const type = fields.get('type') ?? 'volume'
  if (type === 'tmpfs') {
    const [size, mode] = [fields.get('tmpfs-size'), fields.get('tmpfs-mode')]
    const given = [...(size === undefined ? [] : [`size=${size}`]), ...(mode === undefined ? [] : [`mode=${mode}`])]
    return tmpfs(destination, [...readonly, ...given])
  }
  if (type !== 'bind') throw new SpecError(`--mount: expected type=bind or type=tmpfs, got ${type}`)
  const source = fields.get('source') ?? ''
  absolute('--mount: source', source)
  const propagation = fields.get('bind-propagation')
  if (propagation !== undefined) parsePropagation('--mount: bind-propagation', propagation)
  const spread = propagation === undefined ? [] : [propagation]
  return { destination, type, source, options: ['rbind', ...readonly.map(below), ...spread] }
}

const ALIASES: Readonly<Record<string, string>> = { src: 'source', dst: 'target', destination: 'target', ro: 'readonly' }
const KEYS = ['type', 'source', 'target', 'readonly', 'bind-propagation', 'tmpfs-size', 'tmpfs-mode']

/** @param text CONTAINER[:OPTION,…]. @throws {SpecError} */
export function parseTmpfs(text: string): Mount {
  const [destination = '', words = ''] = text.split(/:(.*)/s)
  absolute('--tmpfs', destination)
  return tmpfs(destination, words.split(',').filter(Boolean))
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
