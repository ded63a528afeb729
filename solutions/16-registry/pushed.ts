// A push to a registry, as a list of requests.
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
  // step 1: each blob once, and only what is missing. Its digest is its name, so a Set is enough
  const digests = new Set([...layers, config].map(({ digest }) => digest))
  const missing = [...digests].filter((digest) => !there.includes(digest))
  return [
    // step 2: an upload for each. Where it is, the registry says; nobody else knows
    ...missing.flatMap((digest): Request[] => [
      { method: 'POST', path: `/v2/${repository}/blobs/uploads/`, as: digest },
      {
        method: 'PUT', path: { locationOf: digest }, query: { digest },
        headers: { 'Content-Type': 'application/octet-stream' }, body: { blob: digest },
      },
    ]),
    // step 3: the manifest last, as it is: another blank would be another digest
    {
      method: 'PUT', path: `/v2/${repository}/manifests/${tag}`,
      headers: { 'Content-Type': manifest.mediaType }, body: { text: manifest.text },
    },
  ]
}
