// Manifests, as a registry gives and takes them.
//
//   await fetchManifest(session, 'library/busybox', 'latest')           → { bytes, mediaType, digest }
//   await sendManifest(session, 'library/busybox', 'latest', found)     → its digest there
//
// Invariant: what was asked for by digest has that digest; otherwise the bytes' own counts, and the server may not claim another.
import { digestOf, isDigest, type Digest } from '@pocker/layers'
import { MANIFEST_MAX, MANIFEST_TYPES } from '@pocker/images'
import { discard, readSmall } from './connection.ts'
import { RegistryError, shown } from './errors.ts'
import type { Session } from './session.ts'

export interface Found { readonly bytes: Buffer; readonly mediaType: string; readonly digest: Digest }

export async function fetchManifest(session: Session, path: string, reference: string): Promise<Found> {
  const reply = await session.ask(
    `/v2/${path}/manifests/${reference}`, { headers: { accept: MANIFEST_TYPES.join(', ') }, expect: [200] }
  )
  const bytes = await readSmall(reply, MANIFEST_MAX)
  const [digest, claimed] = [digestOf(bytes), reply.headers['docker-content-digest']]
  const expected = isDigest(reference) ? reference : isDigest(claimed) ? claimed : digest
  if (digest !== expected) {
    throw new RegistryError('BAD_ANSWER', `manifest ${reference}: expected content of ${expected}, got that of ${digest}`)
  }
  return { bytes, digest, mediaType: typeOf(bytes, reply.headers['content-type']) }
}

/** Some servers do not know what they give, but the manifest mostly does. */
function typeOf(bytes: Buffer, header = ''): string {
  const type = header.split(';')[0]?.trim() ?? ''
  if (type !== '' && !['application/octet-stream', 'text/plain', 'application/json'].includes(type)) return type
  try {
    const { mediaType } = Object(JSON.parse(bytes.toString())) as { mediaType?: unknown }
    return typeof mediaType === 'string' ? mediaType : type
  } catch {
    throw new RegistryError('BAD_ANSWER', `manifest: expected JSON, got ${JSON.stringify(shown(bytes.toString()).slice(0, 60))}`)
  }
}

export async function sendManifest(
  session: Session, path: string, reference: string, { bytes, mediaType, digest }: Found,
): Promise<void> {
  const reply = await session.ask(`/v2/${path}/manifests/${reference}`, {
    method: 'PUT', headers: { 'content-type': mediaType }, length: bytes.length, body: () => [bytes], expect: [200, 201, 202],
  })
  await discard(reply)
  const claimed = reply.headers['docker-content-digest']
  if (claimed !== undefined && claimed !== digest) {
    throw new RegistryError(
      'BAD_ANSWER', `manifest ${reference}: expected the registry to store ${digest}, got ${JSON.stringify(shown(String(claimed)))}`
    )
  }
}
