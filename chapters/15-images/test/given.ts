// Images and stores for the tests.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { promisify } from 'node:util'
import { createImage, openImages, parseReference, type Image, type Images } from '@pocker/images'
import { digestOf, writeTar, type Entry, type Member } from '@pocker/layers'
import type { Test } from 'uvu'

/** A directory for each test of a file, and stores in it. */
export function workplace(test: Test): { path: (name?: string) => string; store: (name?: string) => Images } {
  let dir = ''
  test.before.each(() => { dir = mkdtempSync(join(tmpdir(), 'pocker-images-')) })
  test.after.each(() => rmSync(dir, { recursive: true }))
  const path = (name = ''): string => join(dir, name)
  return { path, store: (name = 'store') => openImages(path(name)) }
}

export const member = (path: string, content: string | Buffer = '', more: Partial<Entry> = {}): Member => {
  const bytes = Buffer.from(content)
  return {
    entry: { path, type: 'file', mode: 0o644, uid: 0, gid: 0, size: bytes.length, mtime: 0n, target: '', major: 0, minor: 0, xattrs: {}, ...more },
    data: async function* () { yield bytes },
  }
}

export async function archive(...members: readonly Member[]): Promise<Buffer> {
  return Buffer.concat(await all(writeTar(members)))
}

export async function all(source: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return chunks
}

export const CREATED = '2024-05-01T12:00:00Z'

/** Two layers, and a step without one. */
export async function twoLayers(images: Images, name = 'box:1', text = 'second'): Promise<Image> {
  const config = { created: CREATED, os: 'linux', architecture: 'amd64', config: { Cmd: ['sh'], Env: ['A=1'], Labels: { team: 'blue' } } }
  const steps = [
    { layer: [await archive(member('etc/motd', 'first'))], created: CREATED, created_by: 'ADD etc /' },
    { layer: [await archive(member('etc/more', text), member('etc/.wh.motd'))], created: CREATED, created_by: `/bin/sh -c echo ${text}` },
    { created: CREATED, created_by: '/bin/sh -c #(nop)  CMD ["sh"]' },
  ]
  return await createImage(images, { steps, config, reference: parseReference(name) })
}

/** An archive as `docker save` wrote it before version 25. */
export async function oldArchive({ text = 'old', tags = ['old:1'] as string[] | null, links = false } = {}): Promise<Buffer> {
  const layer = await archive(member('file', text))
  const config = Buffer.from(JSON.stringify({
    architecture: 'amd64', os: 'linux', created: CREATED, docker_version: '20.10.7', container_config: { Hostname: 'x' }, config: { Cmd: ['cat', '/file'], Env: null },
    rootfs: { type: 'layers', diff_ids: [digestOf(layer), digestOf(layer)] }, history: [{ created: CREATED, created_by: 'one' }, { created: CREATED, created_by: 'two' }],
  }))
  const name = `${digestOf(config).slice(7)}.json`
  const second = links ? member('b/layer.tar', '', { type: 'symlink', target: '../a/layer.tar' }) : member('b/layer.tar', layer)
  return await archive(
    member('a/', '', { type: 'directory' }), member('a/VERSION', '1.0'), member('a/json', '{}'), member('a/layer.tar', layer), second, member(name, config),
    member('manifest.json', JSON.stringify([{ Config: name, RepoTags: tags, Layers: ['a/layer.tar', 'b/layer.tar'] }])), member('repositories', '{}'),
  )
}

export const gzip = (bytes: Buffer): Buffer => gzipSync(bytes)

const exec = promisify(execFile)
/** @returns what it printed. What it says otherwise is in the error, if there is one. */
export const sh = async (script: string, cwd?: string): Promise<string> => (await exec('sh', ['-ec', script], { maxBuffer: 1 << 26, ...(cwd && { cwd }) })).stdout
