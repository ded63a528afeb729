// An upload that was cut, and goes on: a list of requests.

export interface Request {
  readonly method: 'HEAD' | 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** One that begins with /v2/; or where the answer to an earlier request says: its header Location, whatever that has in it. */
  readonly path: string | { readonly locationOf: string }
  /** Added to the query that the path has already. */
  readonly query?: { readonly [name: string]: string }
  /** Content-Length goes without saying. */
  readonly headers?: { readonly [name: string]: string }
  /** Some bytes of the blob, as `slice` counts: `{ from: 0, to: 2 }` are the first two. */
  readonly body?: { readonly from: number; readonly to: number }
  /** A name for the answer, for `{ locationOf }` in a later request. */
  readonly as?: string
}

export interface Upload {
  readonly digest: string
  /** Bytes of the blob. */
  readonly size: number
  /** What the registry said of the upload in its header Range, such as `0-899`; missing if nothing has arrived. */
  readonly range?: string
  /** At most so many bytes in one request. */
  readonly chunk: number
  /** Where the upload is now, such as `/v2/team/box/blobs/uploads/7f3a?_state=b2`. */
  readonly location: string
}

/**
 * The requests that finish an upload: a PATCH with a Content-Range for each chunk that is missing, and an empty PUT with the
 * digest. None of the PATCHes is empty. Each answer says anew where the upload is.
 */
export function resumed({ size, range, location }: Upload): Request[] {
  throw new Error(`TODO: return the requests that send the rest of ${size} bytes behind ${range} to ${location}`)
}
