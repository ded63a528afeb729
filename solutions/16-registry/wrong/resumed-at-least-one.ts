// exercise: resumed
// wrong: sends one chunk at least
// score: 7
// says: expected no empty PATCH, got one with Content-Range 
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
  const here = () => (patches.length === 0 ? location : { locationOf: `chunk ${patches.length}` })
  let from = start
  do {
    const to = Math.min(from + chunk, size)
    patches.push({
      method: 'PATCH', path: here(), as: `chunk ${patches.length + 1}`,
      headers: { 'Content-Type': 'application/octet-stream', 'Content-Range': `${from}-${to - 1}` }, body: { from, to },
    })
    from += chunk
  } while (from < size)
  return [...patches, { method: 'PUT', path: here(), query: { digest } }]
}
