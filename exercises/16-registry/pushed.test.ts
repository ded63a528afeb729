// The visible checks of pushed.ts. The answer's list is played against a registry of the check's own.
import { randomBytes, randomInt } from 'node:crypto'
import { check, Failure, same, type Context, type Exercise } from '@pocker/grader'
import type { Json } from '@pocker/syscalls'
import { digestOf, play, Registry, type Played } from './stage.ts'

interface Blob { readonly digest: string; readonly size: number }
export interface Image {
  readonly repository: string
  readonly tag: string
  readonly config: Blob
  readonly layers: readonly Blob[]
  readonly manifest: { readonly mediaType: string; readonly digest: string; readonly text: string }
  readonly contents: ReadonlyMap<string, Buffer>
}

const OCI = 'application/vnd.oci.image'

/** @param print the manifest as JSON. @param again whether the lowest layer is there twice */
export function image({ token }: Context, { print = JSON.stringify, again = false }: {
  readonly print?: (manifest: Json) => string
  readonly again?: boolean
} = {}): Image {
  const some = Array.from({ length: randomInt(3, 6) }, () => randomBytes(randomInt(20, 200)))
  const layers = again ? [...some, ...some.slice(0, 1)] : some
  const config = Buffer.from(JSON.stringify({ os: 'linux', config: { Cmd: [token()] } }))
  const blob = (bytes: Buffer): Blob => ({ digest: digestOf(bytes), size: bytes.length })
  const mediaType = `${OCI}.manifest.v1+json`
  const text = print({
    schemaVersion: 2, mediaType, config: { mediaType: `${OCI}.config.v1+json`, ...blob(config) },
    layers: layers.map((layer) => ({ mediaType: `${OCI}.layer.v1.tar`, ...blob(layer) })),
  })
  return {
    repository: `${token(6)}/${token(6)}`, tag: token(5), config: blob(config), layers: layers.map(blob),
    manifest: { mediaType, digest: digestOf(text), text },
    contents: new Map([...layers, config].map((bytes) => [digestOf(bytes), bytes])),
  }
}

/** @param there blobs that the registry has, as the answer is told */
export async function push({ value }: Context, registry: Registry, one: Image, there: readonly Blob[] = []): Promise<Played> {
  const { repository, tag, config, layers, manifest, contents } = one
  for (const { digest } of there) registry.has(repository, contents.get(digest) as Buffer)
  const asked = { repository, tag, config, layers, manifest, there: there.map(({ digest }) => digest) }
  return play(await value(JSON.parse(JSON.stringify(asked)) as Json), registry.answer, { blobs: contents })
}

/** @throws {Failure} if the registry refused a request, or lacks one of these */
export function complete(registry: Registry, { ended }: Played, { repository }: Image, blobs: readonly Blob[]): void {
  if (ended !== undefined) throw new Failure(ended)
  const lacks = blobs.find(({ digest }) => !registry.blobs.has(`${repository}@${digest}`))
  const difference = { expected: lacks?.digest ?? '', seen: [...registry.blobs.keys()].join(' ') || 'no blob' }
  if (lacks) throw new Failure(`expected the blob ${lacks.digest} in ${repository} in the end, and it is not there`, difference)
}

const blobs = check({
  id: 'blobs',
  title: 'the config and the layers are in the repository',
  points: 2,
  hint: 'POST begins an upload and PUT ends it. Where it goes on, only the answer to the POST says; what it is, only you',
  lesson: 'try-it',
}, async (context) => {
  const [one, registry] = [image(context), new Registry({ demands: ['digest'] })]
  complete(registry, await push(context, registry, one), one, [one.config, ...one.layers])
})

const tag = check({
  id: 'tag',
  title: 'the tag is that of the manifest',
  points: 2,
  hint: 'under which name is it asked for in the lesson? And how does a registry know what it gets?',
  lesson: 'try-it',
}, async (context) => {
  const [one, registry] = [image(context), new Registry({ demands: ['type'] })]
  const { ended } = await push(context, registry, one, [one.config, ...one.layers])
  if (ended !== undefined) throw new Failure(ended)
  const name = `${one.repository}:${one.tag}`
  const got = registry.manifests.has(name) ? 'a manifest' : 'none'
  same(got, 'a manifest', `expected a manifest under ${name}, got ${[...registry.manifests.keys()].join(', ') || 'none'}`)
})

const last = check({
  id: 'last',
  title: 'a registry that wants all parts before the manifest takes it',
  points: 1,
  hint: 'whoever pulls in the middle of your push gets what?',
  lesson: 'try-it',
}, async (context) => {
  const [one, registry] = [image(context), new Registry({ demands: ['parts'] })]
  const { ended } = await push(context, registry, one, [one.config])
  if (ended !== undefined) throw new Failure(ended)
  if (registry.manifests.size === 0) throw new Failure('expected a manifest in the registry in the end, got none')
})

export const exercise: Exercise = { id: '16-registry/pushed', title: 'A push', points: 9, checks: [blobs, tag, last] }
