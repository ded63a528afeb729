// exercise: resumed
// wrong: ends without the digest
// score: 6
// says: DIGEST_INVALID: expected sha256:
interface Request {
  readonly method: 'PATCH' | 'PUT'
  readonly path: string | { readonly locationOf: string }
  readonly query?: { readonly [name: string]: string }
  readonly headers?: { readonly [name: string]: string }
  readonly body?: { readonly from: number; readonly to: number }
  readonly as?: string
}
interface Upload {
  readonly size: number
  readonly range?: string
  readonly chunk: number
  readonly location: string
}

export function resumed({ size, range, chunk, location }: Upload): Request[] {
  const start = range === undefined ? 0 : Number(range.split('-')[1]) + 1
  const patches: Request[] = []
  const here = () => (patches.length === 0 ? location : { locationOf: `chunk ${patches.length}` })
  for (let from = start; from < size; from += chunk) {
    const to = Math.min(from + chunk, size)
    patches.push({
      method: 'PATCH', path: here(), as: `chunk ${patches.length + 1}`,
      headers: { 'Content-Type': 'application/octet-stream', 'Content-Range': `${from}-${to - 1}` }, body: { from, to },
    })
  }
  return [...patches, { method: 'PUT', path: here() }]
}
