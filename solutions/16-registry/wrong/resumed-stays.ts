// exercise: resumed
// wrong: goes on where the upload was at first
// score: 7
// says: the registry answered 404 BLOB_UPLOAD_UNKNOWN
interface Request {
  readonly method: 'PATCH' | 'PUT'
  readonly path: string | { readonly locationOf: string }
  readonly query?: { readonly [name: string]: string }
  readonly headers?: { readonly [name: string]: string }
  readonly body?: { readonly from: number; readonly to: number }
  readonly as?: string
}
interface Upload {
  readonly digest: string
  readonly size: number
  readonly range?: string
  readonly chunk: number
  readonly location: string
}

export function resumed({ digest, size, range, chunk, location }: Upload): Request[] {
  const start = range === undefined ? 0 : Number(range.split('-')[1]) + 1
  const patches: Request[] = []
  const here = () => location
  for (let from = start; from < size; from += chunk) {
    const to = Math.min(from + chunk, size)
    patches.push({
      method: 'PATCH', path: here(), as: `chunk ${patches.length + 1}`,
      headers: { 'Content-Type': 'application/octet-stream', 'Content-Range': `${from}-${to - 1}` }, body: { from, to },
    })
  }
  return [...patches, { method: 'PUT', path: here(), query: { digest } }]
}
