// exercise: pushed
// wrong: sends equal layers twice
// score: 8
// says: expected one upload of it, got 2
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
  const digests = [...layers, config].map(({ digest }) => digest)
  const missing = digests.filter((digest) => !there.includes(digest))
  return [
    ...missing.flatMap((digest): Request[] => [
      { method: 'POST', path: `/v2/${repository}/blobs/uploads/`, as: digest },
      {
        method: 'PUT', path: { locationOf: digest }, query: { digest },
        headers: { 'Content-Type': 'application/octet-stream' }, body: { blob: digest },
      },
    ]),
    {
      method: 'PUT', path: `/v2/${repository}/manifests/${tag}`,
      headers: { 'Content-Type': manifest.mediaType }, body: { text: manifest.text },
    },
  ]
}
