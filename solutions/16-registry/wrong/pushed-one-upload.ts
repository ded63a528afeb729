// exercise: pushed
// wrong: sends all blobs into one upload
// score: 3
// says: the registry answered 404 BLOB_UPLOAD_UNKNOWN
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
    { method: 'POST', path: `/v2/${repository}/blobs/uploads/`, as: 'upload' },
    ...missing.flatMap((digest): Request[] => [
      {
        method: 'PUT', path: { locationOf: 'upload' }, query: { digest },
        headers: { 'Content-Type': 'application/octet-stream' }, body: { blob: digest },
      },
    ]),
    {
      method: 'PUT', path: `/v2/${repository}/manifests/${tag}`,
      headers: { 'Content-Type': manifest.mediaType }, body: { text: manifest.text },
    },
  ]
}
