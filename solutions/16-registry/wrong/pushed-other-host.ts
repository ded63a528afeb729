// exercise: pushed
// wrong: names the registry
// score: 0
// says: request 1: expected a path that begins with /v2/, or { locationOf: name }, got 
interface Request {
  readonly method: 'POST' | 'PUT'
  readonly path: string | { readonly locationOf: string }
  readonly query?: { readonly [name: string]: string }
  readonly headers?: { readonly [name: string]: string }
  readonly body?: { readonly blob: string } | { readonly text: string }
  readonly as?: string
}
interface Blob { readonly digest: string }
interface Image {
  readonly repository: string
  readonly tag: string
  readonly config: Blob
  readonly layers: readonly Blob[]
  readonly manifest: { readonly mediaType: string; readonly text: string }
  readonly there: readonly string[]
}

export function pushed({ repository, tag, config, layers, manifest, there }: Image): Request[] {
  const digests = new Set([...layers, config].map(({ digest }) => digest))
  const missing = [...digests].filter((digest) => !there.includes(digest))
  return [
    ...missing.flatMap((digest): Request[] => [
      { method: 'POST', path: `http://localhost:5000/v2/${repository}/blobs/uploads/`, as: digest },
      {
        method: 'PUT', path: { locationOf: digest }, query: { digest },
        headers: { 'Content-Type': 'application/octet-stream' }, body: { blob: digest },
      },
    ]),
    {
      method: 'PUT', path: `http://localhost:5000/v2/${repository}/manifests/${tag}`,
      headers: { 'Content-Type': manifest.mediaType }, body: { text: manifest.text },
    },
  ]
}
