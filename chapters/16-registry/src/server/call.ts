// A request, once its path has been read: what the handlers of the protocol are given.
import type { IncomingMessage } from 'node:http'
import type { Digest } from '@pocker/layers'
import type { Answer } from './answer.ts'
import type { Repository, Storage } from './storage.ts'
import type { Uploads } from './uploads.ts'

export interface Place { readonly storage: Storage; readonly uploads: Uploads }

export interface Call extends Place {
  readonly request: IncomingMessage
  readonly query: URLSearchParams
  readonly repository: Repository
  /** The path's last part: a tag, a digest, an upload's id. Not checked yet. */
  readonly last: string
}

export type Handler = (call: Call) => Answer | Promise<Answer>

export const contentDigest = (digest: Digest): Record<string, string> => ({ 'docker-content-digest': digest })
