// What a request is answered with: data, written to the connection in one place (serve.ts).
//
//   return { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' }
//   throw new ApiError('NAME_UNKNOWN', { name: 'library/none' })     → 404 {"errors":[{"code":"NAME_UNKNOWN",…}]}
//
// @see OCI distribution spec, "Error Codes"; Docker registry HTTP API V2, "Errors"
import type { Readable } from 'node:stream'

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string | number>>
  /** A function: it is not called for HEAD. */
  readonly body?: string | Buffer | (() => Readable)
}

/** Each code, its status, and what is said. */
const CODES = {
  BLOB_UNKNOWN: [404, 'blob unknown to registry'],
  BLOB_UPLOAD_INVALID: [400, 'blob upload invalid'],
  BLOB_UPLOAD_UNKNOWN: [404, 'blob upload unknown to registry'],
  DIGEST_INVALID: [400, 'provided digest did not match uploaded content'],
  MANIFEST_BLOB_UNKNOWN: [400, 'manifest references a manifest or blob unknown to registry'],
  MANIFEST_INVALID: [400, 'manifest invalid'],
  MANIFEST_UNKNOWN: [404, 'manifest unknown'],
  NAME_INVALID: [400, 'invalid repository name'],
  NAME_UNKNOWN: [404, 'repository name not known to registry'],
  PAGINATION_NUMBER_INVALID: [400, 'invalid number of results requested'],
  RANGE_INVALID: [416, 'invalid content range'],
  SIZE_INVALID: [400, 'provided length did not match content length'],
  TAG_INVALID: [400, 'manifest tag did not match URI'],
  TOO_LARGE: [413, 'the body is larger than allowed'],
  UNAUTHORIZED: [401, 'authentication required'],
  UNSUPPORTED: [405, 'the operation is unsupported'],
  NOT_FOUND: [404, 'page not found'],
  NO_SPACE: [507, 'no space left on the registry\'s disk'],
  UNKNOWN: [500, 'unknown error'],
} as const satisfies Readonly<Record<string, readonly [number, string]>>

export class ApiError extends Error {
  readonly answer: Answer

  constructor(code: keyof typeof CODES, detail?: unknown, headers: Readonly<Record<string, string>> = {}) {
    const [status, message] = CODES[code]
    super(message)
    this.answer = {
      status, headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ errors: [{ code, message, detail }] }),
    }
  }
}

export const json = (value: unknown, headers: Readonly<Record<string, string>> = {}): Answer =>
  ({ status: 200, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) })
