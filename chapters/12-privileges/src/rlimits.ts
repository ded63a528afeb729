// Limits of a process: each a soft one, which it may raise itself, up to a hard one.
//
//   rlimits([{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 4096 }])   → the isolation
//   parseUlimit('nofile=1024:4096')                                → one of them
//
// Invariant: set while the process may still raise a hard limit, and before the user changes.
import { because, RLIMIT, setLimit, SpecError, type Isolation } from '@pocker/syscalls'

/** -1 for no limit. @see OCI runtime spec, config.md, "POSIX process", rlimits; getrlimit(2) */
export interface Rlimit { readonly type: string; readonly soft: number | bigint; readonly hard: number | bigint }

/** RLIM_INFINITY */
const INFINITY = 2n ** 64n - 1n

/** @throws {SpecError} if one is none, or stands twice */
// region rlimits
export function rlimits(limits: readonly Rlimit[]): Isolation {
  const seen = new Set<string>()
  return {
    name: 'rlimits',
    child: limits.map(({ type, soft, hard }) => {
      const resource = RLIMIT[type]
      if (resource === undefined) throw new SpecError(`rlimits: expected a name such as RLIMIT_NOFILE, got ${JSON.stringify(type)}`)
      if (seen.has(type)) throw new SpecError(`rlimits: expected each limit once, got ${type} twice`)
      seen.add(type)
      const [least, most] = [value(type, soft), value(type, hard)]
      if (least > most) throw new SpecError(`rlimits: expected a soft ${type} of at most the hard one, got ${soft} and ${hard}`)
      return because(`${type}`, setLimit(resource, least, most))
    }),
  }
}
// endregion

function value(type: string, limit: number | bigint): bigint {
  if (limit === -1) return INFINITY
  if ((typeof limit === 'bigint' || Number.isSafeInteger(limit)) && limit >= 0 && limit <= INFINITY) return BigInt(limit)
  throw new SpecError(`rlimits: expected a number for ${type}, or -1 for none, got ${limit}`)
}

/** @param text NAME=SOFT[:HARD]. @throws {SpecError} */
export function parseUlimit(text: string): Rlimit {
  const [, name = '', soft = '', hard = soft] = /^([a-z]+)=(-?\d{1,19})(?::(-?\d{1,19}))?$/.exec(text) ?? []
  const type = `RLIMIT_${name.toUpperCase()}`
  if (!name) throw new SpecError(`--ulimit: expected NAME=SOFT:HARD such as nofile=1024:4096, got ${JSON.stringify(text)}`)
  if (RLIMIT[type] === undefined) {
    const names = Object.keys(RLIMIT).map((key) => key.slice('RLIMIT_'.length).toLowerCase())
    throw new SpecError(`--ulimit: expected one of ${names.join(', ')}, got ${name}`)
  }
  return { type, soft: limitOf(soft), hard: limitOf(hard) }
}

const limitOf = (text: string): number | bigint => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text))
