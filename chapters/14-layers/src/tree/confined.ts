// The program of the process that touches a layer's files: it has loaded all of its code, then gives up every file but those of
// one directory.
//
//   node …/bin/tree.mjs unpack DIRECTORY NOTATION MOST [LOWER...] < layer.tar.gz   3> answer
//   node …/bin/tree.mjs pack   DIRECTORY NOTATION < changes.json > layer.tar   3> answer
//   node …/bin/tree.mjs list   DIRECTORY NOTATION > entries.json               3> answer
//
// The answer is a line of JSON: { "entries": 3, "bytes": 12, … }, or { "error": "…" }.
// Invariant: the root is changed before the first byte of input is read, and before the first name is looked up.
import { once } from 'node:events'
import { constants, openSync, readSync, writeSync } from 'node:fs'
import { callAll, chdir, chroot, SpecError } from '@pocker/syscalls'
import { decompressed } from '../content/compress.ts'
import { Tally, tallied } from '../content/digest.ts'
import type { Source } from '../tar/blocks.ts'
import { ArchiveError } from '../tar/entry.ts'
import { writeTar } from '../tar/write.ts'
import { apply, type Applied } from './apply.ts'
import type { Change } from './compare.ts'
import { toJson } from './listing.ts'
import { packed } from './pack.ts'
import { walk } from './walk.ts'
import type { Notation } from './whiteout.ts'

const CHUNK = 1024 * 1024
const ANSWER = 3

interface Given {
  readonly notation: Notation
  readonly lowers: readonly number[]
  /** Bytes of the archive, at most: what was small when it was packed may be huge. */
  readonly most: number
}

const VERBS: Readonly<Record<string, (given: Given) => Promise<Applied>>> = { unpack, pack, list }

// region confined
/** @returns the exit code */
export async function confined(words: readonly string[]): Promise<number> {
  const [verb = '', directory = '', notation = 'files', most, ...below] = words
  try {
    process.umask(0)
    const lowers = below.map((path) => openSync(path, constants.O_RDONLY | constants.O_DIRECTORY))
    callAll([chroot(directory), chdir('/')])
    const body = VERBS[verb]
    if (!body) throw new SpecError(`expected unpack, pack or list, got ${verb}`)
    answer(await body({ notation: notation as Notation, lowers, most: Number(most) }))
    return 0
  } catch (error) {
    answer({ error: (error as Error).message })
    return 1
  }
}
// endregion

/** Less than a pipe holds. If nobody is there to hear it, nobody needs it. */
function answer(said: Applied | { error: string }): void {
  try {
    writeSync(ANSWER, `${JSON.stringify(said)}\n`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}

function* input(): Generator<Buffer, void> {
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK)
    const length = readSync(0, chunk)
    if (length === 0) return
    yield chunk.subarray(0, length)
  }
}

/** The archive's digest is of all of it, though its end may come before that of the bytes. */
async function unpack({ most, ...where }: Given): Promise<Applied> {
  const tally = new Tally()
  const archive = limited(tallied(decompressed(input()), tally), most)
  const applied = await apply({ [Symbol.asyncIterator]: () => ({ next: () => archive.next() }) }, where)
  while (!(await archive.next()).done);
  return { ...applied, diffId: tally.digest }
}

async function* limited(source: Source, most: number): AsyncGenerator<Uint8Array, void> {
  let length = 0
  for await (const chunk of source) {
    length += chunk.byteLength
    if (length > most) throw new ArchiveError(`expected at most ${most} bytes, got more`)
    yield chunk
  }
}

async function pack({ notation }: Given): Promise<Applied> {
  const text = Buffer.concat([...input()]).toString()
  const changes = text === '' ? undefined : JSON.parse(text) as Change[]
  let [entries, bytes] = [0, 0]
  const counted = function* (): Generator<ReturnType<typeof packed> extends Generator<infer Each> ? Each : never, void> {
    for (const member of packed('.', notation, changes)) {
      entries++
      bytes += member.entry.size
      yield member
    }
  }
  for await (const chunk of writeTar(counted())) await output(chunk)
  return { entries, bytes }
}

async function list(): Promise<Applied> {
  let [entries, bytes] = [0, 0]
  for (const { entry } of walk('.')) {
    await output(`${toJson(entry)}\n`)
    entries++
    bytes += entry.size
  }
  return { entries, bytes }
}

/** Not writeSync(): a pipe that somebody has made a stream of does not block. */
async function output(chunk: string | Buffer): Promise<void> {
  if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
}
