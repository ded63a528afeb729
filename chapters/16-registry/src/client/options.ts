// What may be said about the way to a registry, and what holds if nothing is said.
//
//   sessionOptions(options, ['repository:library/busybox:pull'])
import { findCredentials } from './credentials.ts'
import type { Trusting } from './hosts.ts'
import type { Listener } from './progress.ts'
import type { Retry } from './retry.ts'
import type { SessionOptions } from './session.ts'

export interface RegistryOptions extends Trusting {
  /** Instead of Docker's config.json. */
  readonly credentials?: SessionOptions['credentials']
  /** Layers at a time. */
  readonly parallel?: number
  /** Milliseconds without a byte. */
  readonly idle?: number
  /** How often in a row, and how long before the second time, in milliseconds. */
  readonly tries?: number
  readonly pause?: number
  readonly signal?: AbortSignal
  readonly progress?: Listener
}

export const PARALLEL = 3
const [IDLE, TRIES, PAUSE] = [60_000, 6, 500]

export const retryOf = ({ tries = TRIES, pause = PAUSE }: RegistryOptions, signal?: AbortSignal): Retry =>
  ({ tries, pause, signal })

export const sessionOptions = (
  { credentials = findCredentials, idle = IDLE }: RegistryOptions, scopes: readonly string[], signal?: AbortSignal
): SessionOptions =>
  ({ credentials, idle, scopes, signal })
