// What a server that wants to know who asks says: WWW-Authenticate.
//
//   parseChallenges('Bearer realm="https://auth.example/token",service="registry"')
//     → [{ scheme: 'bearer', parameters: { realm: 'https://auth.example/token', service: 'registry' } }]
//
// Invariant: whatever stands there, nothing is thrown: what cannot be read is left out.
// @see RFC 9110, 11.6.1

export interface Challenge {
  /** In lower case. */
  readonly scheme: string
  /** By name in lower case. */
  readonly parameters: Readonly<Record<string, string>>
}

const TOKEN = String.raw`[!#$%&'*+.^_\x60|~0-9A-Za-z-]+`
/** A parameter; or a scheme, which no `=` follows. */
const PART = new RegExp(String.raw`[\s,]*(?:(${TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|(${TOKEN}))|(${TOKEN})(?=[\s,]|$))`, 'y')

export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = []
  PART.lastIndex = 0
  for (let part = PART.exec(header); part; part = PART.exec(header)) {
    const [, name, quoted, plain, scheme] = part
    if (scheme !== undefined) {
      challenges.push({ scheme: scheme.toLowerCase(), parameters: Object.create(null) as Record<string, string> })
    }
    else if (name !== undefined) set(challenges.at(-1), name, quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '')
  }
  return challenges
}

function set(challenge: { parameters: Record<string, string> } | undefined, name: string, value: string): void {
  if (challenge) challenge.parameters[name.toLowerCase()] = value
}

/** The Basic scheme's header. @see RFC 7617 */
export const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

/** @returns undefined if it is no header of that scheme */
export function parseBasic(header: string | undefined): { username: string; password: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString()
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) }
}
