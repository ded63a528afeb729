// Entries and archives for the tests.
import type { Entry, Member } from '@pocker/layers'
import { writeTar } from '@pocker/layers'

export const entry = (more: Partial<Entry> & { path: string }): Entry =>
  ({ type: 'file', mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0n, target: '', major: 0, minor: 0, xattrs: {}, ...more })
export const member = (more: Partial<Entry> & { path: string }, text: string | Buffer = ''): Member => {
  const bytes = Buffer.from(text)
  return { entry: entry({ ...more, size: bytes.length }), data: async function* () { yield bytes } }
}
export async function archive(...members: readonly Member[]): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of writeTar(members)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
