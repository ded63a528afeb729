// The hidden checks of chapter 16.
import { randomInt } from 'node:crypto'
import { check, Failure, same, type HiddenChecks } from '@pocker/grader'
import { complete, image, push } from '../../exercises/16-registry/pushed.test.ts'
import { finished, resume, some } from '../../exercises/16-registry/resumed.test.ts'
import { Registry, type Played } from '../../exercises/16-registry/stage.ts'

const there = check({
  id: 'there',
  title: 'what is there is not sent again, and the rest is',
  points: 2,
  hint: 'the answer to HEAD is known beforehand here: in `there`',
  lesson: 'try-it',
}, async (context) => {
  const [one, registry] = [image(context), new Registry({ demands: ['digest'] })]
  const [known, missing] = [one.layers.slice(0, -2), one.layers.slice(-2)]
  complete(registry, await push(context, registry, one, [one.config, ...known]), one, missing)
  const again = [one.config, ...known].find(({ digest }) => registry.ended.includes(digest))
  if (again) throw new Failure(`${again.digest} is there already, and was sent again`)
  const [wanted, { begun }] = [missing.length, registry]
  if (begun > wanted) throw new Failure(`expected ${wanted} uploads for what is missing, got ${begun}`)
})

const once = check({
  id: 'once',
  title: 'two equal layers are sent once',
  points: 1,
  hint: 'they have the same digest. What is missing the second time?',
  lesson: 'check-yourself',
}, async (context) => {
  const [one, registry] = [image(context, { again: true }), new Registry()]
  const [twice] = one.layers
  complete(registry, await push(context, registry, one, [one.config]), one, one.layers)
  const times = registry.ended.filter((digest) => digest === twice?.digest).length
  if (times !== 1) throw new Failure(`two layers are ${twice?.digest}: expected one upload of it, got ${times}`)
})

const exact = check({
  id: 'exact',
  title: 'the manifest is what it was, byte for byte',
  points: 1,
  hint: 'JSON can be written in many ways, and each has a digest of its own',
  lesson: 'try-it',
}, async (context) => {
  const indent = randomInt(1, 5)
  const one = image(context, { print: (manifest) => `${JSON.stringify(manifest, null, indent)}\n` })
  const registry = new Registry()
  const { ended } = await push(context, registry, one, [one.config, ...one.layers])
  if (ended !== undefined) throw new Failure(ended)
  const [got] = registry.manifests.values()
  const seen = got?.toString() ?? 'no manifest'
  same(seen, one.manifest.text, 'the manifest that came is not, byte for byte, the one that was given')
})

/** @throws {Failure} if a chunk has nothing in it */
function none({ log }: Played): void {
  const empty = log.find(({ sent }) => sent.method === 'PATCH' && sent.body.length === 0)
  const range = empty?.sent.headers.get('content-range') ?? '(none)'
  if (empty) throw new Failure(`expected no empty PATCH, got one with Content-Range ${range}`)
}

const fresh = check({
  id: 'fresh',
  title: 'without a Range, all of it is sent',
  points: 1,
  hint: 'a missing header is no text. And nothing is not one byte',
  lesson: 'the-code',
}, async (context) => {
  const { log, ended } = await resume(context, new Registry(), { ...some(), arrived: 0 })
  if (ended !== undefined) throw new Failure(ended)
  const first = log[0]?.sent.headers.get('content-range') ?? 'none'
  if (!first.startsWith('0-')) throw new Failure(`expected the first Content-Range to begin with 0-, got ${first}`)
})

const arrived = check({
  id: 'arrived',
  title: 'if all has arrived, it is only ended',
  points: 1,
  hint: 'how many chunks does nothing have?',
  lesson: 'the-code',
}, async (context) => {
  const played = await resume(context, new Registry(), { ...some(), rest: 0 })
  none(played)
  finished(played)
})

const even = check({
  id: 'even',
  title: 'where the chunks come out even, there is none behind the last one',
  points: 1,
  hint: 'how many chunks do 120 bytes have, if a chunk has 40?',
  lesson: 'the-code',
}, async (context) => {
  const cut = some()
  const played = await resume(context, new Registry(), { ...cut, rest: cut.chunk * randomInt(1, 5) })
  if (!played.log.some(({ sent }) => sent.body.length > 0)) throw new Failure('expected requests with bytes of the blob, got none')
  none(played)
})

const moved = check({
  id: 'moved',
  title: 'the upload is found again where each answer says that it is now',
  points: 1,
  hint: 'each PATCH is answered with a Location, too',
  lesson: 'exercises',
}, async (context) => {
  const { ended } = await resume(context, new Registry({ moves: true }), some())
  if (ended !== undefined) throw new Failure(ended)
})

export const hidden: HiddenChecks = { pushed: [there, once, exact], resumed: [fresh, arrived, even, moved] }
