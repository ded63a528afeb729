// exercise: layout
// wrong: writes the index before the manifest
// score: 8
// says: index.json has something in it before all is there
import { digestOf, hexOf } from '@pocker/layers'
import {
  close, mkdir, O_CLOEXEC, O_CREAT, O_WRONLY, open, write, type Isolation, type Json, type Syscall,
} from '@pocker/syscalls'

interface Parts {
  readonly directory: string
  readonly layers: readonly string[]
  readonly config: { readonly [field: string]: Json }
  readonly name: string
}

const OCI = 'application/vnd.oci.image'

export function layout({ directory, layers, config, name }: Parts): Isolation {
  const diffIds = layers.map((layer) => digestOf(layer))
  const ownConfig = JSON.stringify({ ...config, rootfs: { type: 'layers', diff_ids: diffIds } })
  const manifest = JSON.stringify({
    schemaVersion: 2, mediaType: `${OCI}.manifest.v1+json`,
    config: descriptor(`${OCI}.config.v1+json`, ownConfig),
    layers: layers.map((layer) => descriptor(`${OCI}.layer.v1.tar`, layer)),
  })
  const index = JSON.stringify({
    schemaVersion: 2, mediaType: `${OCI}.index.v1+json`,
    manifests: [
      { ...descriptor(`${OCI}.manifest.v1+json`, manifest), annotations: { 'org.opencontainers.image.ref.name': name } },
    ],
  })
  const blobs = new Set([...layers, ownConfig])
  return {
    name: 'layout',
    child: [
      mkdir(`${directory}/blobs`, 0o755), mkdir(`${directory}/blobs/sha256`, 0o755),
      ...[...blobs].flatMap((text) => file(`${directory}/blobs/sha256/${hexOf(digestOf(text))}`, text)),
      ...file(`${directory}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}'),
      ...file(`${directory}/index.json`, index),
      ...file(`${directory}/blobs/sha256/${hexOf(digestOf(manifest))}`, manifest),
    ],
  }
}

const descriptor = (mediaType: string, text: string): Record<string, string | number> =>
  ({ mediaType, digest: digestOf(text), size: Buffer.byteLength(text) })

const file = (path: string, text: string): Syscall[] => {
  const opened = { resultOf: path }
  return [{ ...open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644), as: path }, write(opened, text), close(opened)]
}
