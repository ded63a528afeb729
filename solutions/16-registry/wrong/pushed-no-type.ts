// exercise: pushed
// wrong: does not say what the manifest is
// score: 7
// says: MANIFEST_INVALID: Content-Type: expected application/vnd.oci.image.manifest.v1+json, got none
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
      { method: 'POST', path: `/v2/${repository}/blobs/uploads/`, as: digest },
      {
        method: 'PUT', path: { locationOf: digest }, query: { digest },
        headers: { 'Content-Type': 'application/octet-stream' }, body: { blob: digest },
      },
    ]),
    {
      method: 'PUT', path: `/v2/${repository}/manifests/${tag}`, body: { text: manifest.text },
    },
  ]
}
