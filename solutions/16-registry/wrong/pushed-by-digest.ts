// exercise: pushed
// wrong: sends the manifest under its digest, and gives it no tag
// score: 7
// says: expected a manifest under 
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
  readonly manifest: { readonly mediaType: string; readonly digest: string; readonly text: string }
  readonly there: readonly string[]
}

export function pushed({ repository, config, layers, manifest, there }: Image): Request[] {
  const digests = new Set([...layers, config].map(({ digest }) => digest))
  const missing = [...digests].filter((digest) => !there.includes(digest))
  return [
    ...missing.flatMap((digest): Request[] => [
      { method: 'POST', path: `/v2/${repository}/blobs/uploads/`, as: digest },
      {
        method: 'PUT', path: { locationOf: digest }, query: { digest },
        headers: { 'Content-Type': 'application/octet-stream' }, body: { blob: digest },
      },
    ]),
    {
      method: 'PUT', path: `/v2/${repository}/manifests/${manifest.digest}`,
      headers: { 'Content-Type': manifest.mediaType }, body: { text: manifest.text },
    },
  ]
}
