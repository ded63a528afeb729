// The hidden checks of chapter 15.
import { randomInt } from 'node:crypto'
import { check, Failure, same, type HiddenChecks } from '@pocker/grader'
import { at, blobIn, digestOf, followed, parts, text } from '../../exercises/15-images/layout.test.ts'
import { files, program, states, told } from '../../exercises/15-images/stage.ts'

const four = (id: number): string => [id, id, id, id].join(' ')

const user = check({
  id: 'user',
  title: 'the program is that user, in that group and in no other; without a group in 0',
  points: 2,
  hint: 'whoever starts it may be in further groups. And in which order can a group and a user be changed?',
  lesson: 'the-code',
}, async (context) => {
  const [uid, gid, own] = [randomInt(1000, 20_000), randomInt(20_001, 40_000), program(context)]
  const there = { WorkingDir: own.directory }
  for (const [User, group, more] of [[`${uid}:${gid}`, gid, {}], [`${uid}`, 0, there], [`${uid}:${gid}`, gid, there]] as const) {
    const seen = await told(context, own, { config: { Cmd: [own.path], User, ...more }, words: [] })
    same(seen.uids, four(uid), `User ${User}: expected Uid ${four(uid)}, got ${seen.uids}`)
    same(seen.gids, four(group), `User ${User}: expected Gid ${four(group)}, got ${seen.gids}`)
    same(seen.groups, '', `User ${User}: expected no further group, got ${seen.groups}`)
  }
})

const made = check({
  id: 'made',
  title: 'WorkingDir is made by root, also where the user may make nothing',
  points: 1,
  hint: 'which of your steps need root, and which one takes root away?',
  lesson: 'the-code',
}, async (context) => {
  const own = program(context)
  const WorkingDir = `${own.directory}/${context.token()}`
  const seen = (await told(context, own, { config: { Cmd: [own.path], WorkingDir, User: '4711:815' }, words: [] })).directory
  same(seen, WorkingDir, `expected the directory ${WorkingDir}, got ${seen}`)
})

const nothing = check({
  id: 'nothing',
  title: 'what is null or empty is not said: then the words alone count, in /, as root',
  points: 1,
  hint: 'a program in Go writes null for an empty list, and an empty text where there is no directory',
  lesson: 'try-it',
}, async (context) => {
  const [own, word] = [program(context), context.token()]
  const config = { Entrypoint: null, Cmd: null, Env: null, WorkingDir: '', User: '' }
  const seen = await told(context, own, { config, words: [own.path, word] })
  same(seen.words.join(' '), word, `expected PROGRAM ${word} to run, got PROGRAM ${seen.words.join(' ')}`)
  same(seen.directory, '/', `expected the directory /, got ${seen.directory}`)
})

const shared = check({
  id: 'shared',
  title: 'two equal layers are one blob, and two layers',
  points: 1,
  hint: 'the file is there already when the second one is written. And an image with two equal layers has both of them',
  lesson: 'check-yourself',
}, async (context) => {
  const one = parts(context)
  const asked = { ...one, layers: [...one.layers, one.layers.at(-1) ?? ''] }
  const { config, layers } = followed(await files(context, asked))
  const digests = asked.layers.map((layer) => digestOf(layer)).join(' ')
  const seen = layers.map((layer) => text(at(layer, 'digest'))).join(' ')
  same(seen, digests, `the manifest: expected layers ${digests}, got ${seen}`)
  const ids = at(config, 'rootfs', 'diff_ids')
  const count = Array.isArray(ids) ? ids.length : 0
  same(String(count), String(asked.layers.length), `the config: expected ${asked.layers.length} diff IDs, got ${count}`)
})

const bytes = check({
  id: 'bytes',
  title: 'sizes are in bytes',
  points: 1,
  hint: '"ü" is two bytes, and has a length of 1',
  lesson: 'try-it',
}, async (context) => {
  const asked = parts(context, 'ü€'.repeat(randomInt(1, 9)))
  const all = await files(context, asked)
  const { descriptor, manifest, layers } = followed(all)
  for (const [what, one] of Object.entries({ manifest: descriptor, config: at(manifest, 'config') })) {
    const [expected, seen] = [blobIn(all, one).length, text(at(one, 'size'))]
    same(seen, String(expected), `the ${what}: expected the size ${expected}, got ${seen}`)
  }
  // In which order they are, is another check's question.
  const sizes = (of: readonly unknown[]): string => of.map(text).toSorted().join(' ')
  const expected = sizes(asked.layers.map((layer) => Buffer.byteLength(layer)))
  const seen = sizes(layers.map((layer) => at(layer, 'size')))
  same(seen, expected, `the layers: expected the sizes ${expected}, got ${seen}`)
})

const cut = check({
  id: 'cut',
  title: 'killed after any step, there is the whole image or none',
  points: 2,
  hint: 'an image is what the index leads to. From which step on is there something in it, and what is there by then?',
  lesson: 'the-code',
}, async (context) => {
  const seen = await states(context, parts(context))
  if (seen.length === 0) throw new Failure('expected something in index.json in the end, got nothing')
  const half = new Set(seen).size - 1
  const difference = { expected: 'all other files, and all of the index', seen: `${half} states with an index that lack some of it` }
  if (half > 0) throw new Failure('index.json has something in it before all is there', difference)
})

export const hidden: HiddenChecks = { configured: [user, made, nothing], layout: [shared, bytes, cut] }
