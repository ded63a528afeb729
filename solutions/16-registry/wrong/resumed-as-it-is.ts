// exercise: resumed
// wrong: hands in the faulty one
// score: 0
// says: expected body: 0 <= from <= to <=
interface Upload {
  readonly digest: string
  readonly size: number
  readonly range?: string
  readonly chunk: number
  readonly location: string
}

export function resumed({ digest, size, range, chunk, location }: Upload): unknown {
  const patches: unknown[] = []
  for (let from = Number(range?.split('-')[1]); from <= size; from += chunk) {
    const to = from + chunk
    patches.push({
      method: 'PATCH', path: location,
      headers: { 'Content-Type': 'application/octet-stream', 'Content-Range': `${from}-${to}` }, body: { from, to },
    })
  }
  return [...patches, { method: 'PUT', path: location, query: { digest } }]
}
