// A push to a registry, as a list of requests.

export interface Request {
  readonly method: 'HEAD' | 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** One that begins with /v2/; or where the answer to an earlier request says: its header Location, whatever that has in it. */
  readonly path: string | { readonly locationOf: string }
  /** Added to the query that the path has already. */
  readonly query?: { readonly [name: string]: string }
  /** Content-Length goes without saying. */
  readonly headers?: { readonly [name: string]: string }
  /** All bytes of a blob, by its digest; or a text. */
  readonly body?: { readonly blob: string } | { readonly text: string }
  /** A name for the answer, for `{ locationOf }` in a later request. */
  readonly as?: string
}

export interface Blob { readonly digest: string; readonly size: number }

export interface Image {
  /** Such as `team/box`. */
  readonly repository: string
  readonly tag: string
  readonly config: Blob
  /** The lowest first. Two of them may be equal. */
  readonly layers: readonly Blob[]
  /** It names the config and the layers. */
  readonly manifest: { readonly mediaType: string; readonly digest: string; readonly text: string }
  /** Digests of blobs that are in the repository already. */
  readonly there: readonly string[]
}

/**
 * The requests of a push, in their order: each blob that is missing, once, in an upload of its own, which one POST begins and
 * one PUT ends; then the manifest, byte for byte, under the tag. Whoever plays the list stops at the first answer from 400 up.
 */
export function pushed({ repository, tag, layers }: Image): Request[] {
  throw new Error(`TODO: return the requests that push ${layers.length} layers to ${repository}:${tag}`)
}
