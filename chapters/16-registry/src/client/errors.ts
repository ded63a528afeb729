// What went wrong between a registry and us, in one line: what was expected, what came, what to do.
//
//   throw new RegistryError('CUT', 'registry.example: expected 12 bytes, got 7 and the connection was cut')
//
// Invariant: what a server says is shown as one line of printable characters, and not much of it.
import { SpecError } from '@pocker/syscalls'

/** CUT and BUSY may be over soon: they are worth another try. */
export type Fault =
  | 'CUT' | 'BUSY' | 'REFUSED' | 'UNAUTHORIZED' | 'DENIED' | 'NOT_FOUND' | 'BAD_ANSWER' | 'X509' | 'PLAIN_HTTP' | 'ABORTED'

export class RegistryError extends SpecError {
  override readonly name: string = 'RegistryError'
  override readonly code: string
  /** Milliseconds, as the server asked for. */
  readonly retryAfter?: number

  constructor(code: Fault, message: string, { cause, retryAfter }: { cause?: unknown; retryAfter?: number | undefined } = {}) {
    super(message, { cause })
    this.code = code
    if (retryAfter !== undefined) this.retryAfter = retryAfter
  }
}

export const isFault = (error: unknown, ...codes: readonly Fault[]): error is RegistryError =>
  error instanceof RegistryError && (codes as readonly string[]).includes(error.code)

const SHOWN = 300

/** Text of a server's, for a line of ours. */
export function shown(text: string): string {
  const line = text.replaceAll(/[\p{C}\p{Z}]+/gu, ' ').trim()
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|CRL_/
const PLAIN = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST'])

/** Whatever node says of a connection. */
export function explained(host: string, error: unknown): Error {
  if (error instanceof SpecError) return error
  const { name, message = '' } = error as Error
  const code = String((error as NodeJS.ErrnoException).code ?? '')
  const fault = (code: Fault, text: string): RegistryError => new RegistryError(code, `${host}: ${text}`, { cause: error })
  if (name === 'AbortError') return fault('ABORTED', 'stopped before it was done')
  if (code === 'ECONNREFUSED') {
    return fault('REFUSED', 'expected a registry, got: connection refused; see whether it runs, and on which port')
  }
  if (['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA'].includes(code)) {
    return fault('REFUSED', `expected an address for the name, got: no such host (${code}); check the name and the network`)
  }
  if (['EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'].includes(code)) {
    return fault('REFUSED', `expected a way to it, got ${code}; check the network`)
  }
  if (PLAIN.has(code) || (code === 'EPROTO' && /wrong version number|packet length too long/.test(message))) {
    return fault(
      'PLAIN_HTTP',
      'expected HTTPS, got: server gave HTTP response to HTTPS client; name it among the insecure registries if that is meant'
    )
  }
  if (CERTIFICATE.test(code)) {
    return fault(
      'X509',
      `expected a certificate that can be checked, got: x509: ${shown(message)}; put its CA into /etc/docker/certs.d/${host}/ca.crt`
    )
  }
  if ((code.startsWith('HPE_') && !code.includes('EOF')) || code === 'ERR_INVALID_CHAR') {
    return fault('BAD_ANSWER', `expected HTTP, got: ${shown(message)}`)
  }
  return fault('CUT', `expected an answer, got: ${shown(message) || code || 'a cut connection'}`)
}
