// An upload that was cut, and goes on: a list of requests.
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
  // step 1: Range has the number of the last byte, so there is one more than that; without it there is none
  const start = range === undefined ? 0 : Number(range.split('-')[1]) + 1
  const patches: Request[] = []
  // step 3: each request goes where the one before it was told
  const here = () => (patches.length === 0 ? location : { locationOf: `chunk ${patches.length}` })
  // step 2: nothing is sent that is empty: not if all is there, and not behind the last full chunk
  for (let from = start; from < size; from += chunk) {
    const to = Math.min(from + chunk, size)
    patches.push({
      method: 'PATCH', path: here(), as: `chunk ${patches.length + 1}`,
      headers: { 'Content-Type': 'application/octet-stream', 'Content-Range': `${from}-${to - 1}` }, body: { from, to },
    })
  }
  // step 4: the end. Only now does the registry compare the digest
  return [...patches, { method: 'PUT', path: here(), query: { digest } }]
}
