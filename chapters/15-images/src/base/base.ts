// Images out of nothing but Debian's packages, for rooms without a network and machines without an account.
//
//   await ensureBase(BUSYBOX, images)   → { image, made: true, source: "Debian's package busybox-static 1:1.35.0-4" }
//
// Invariant: the same packages give the same image, to the byte: times, owners and the order of files do not depend on when, where
// and by whom it is made.
import { statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { busyboxRootfs } from '@pocker/chroot'
import { packTree, readTar, writeTar, type Member, type Source } from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'
import { timeText, type RunConfig } from '../format/config.ts'
import { hostPlatform } from '../format/platform.ts'
import { canonical, parseReference, type Reference } from '../reference.ts'
import type { Image } from '../store/image.ts'
import type { Images } from '../store/images.ts'
import { createImage } from '../transfer/create.ts'
import { debianRootfs } from './debian.ts'

/** A root file system on its way to be an image. */
export interface Grown {
  readonly path: string
  /** What it was made of, in words. */
  readonly source: string
  /** Nothing in it is younger. */
  readonly date: Date
  /** What is not to be in the image: paths. */
  readonly without?: RegExp
}

export interface Base {
  readonly name: string
  /** Its layers come first. */
  readonly on?: Base
  readonly grow: (directory: string) => Promise<Grown>
  readonly config: RunConfig
}

// region bases
const Env = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']
export const BUSYBOX: Base = { name: 'busybox', grow: growBusybox, config: { Env, Cmd: ['sh'] } }
export const DEBIAN: Base = { name: 'debian', grow: debianRootfs, config: { Env, Cmd: ['bash'] } }
// endregion
export const BASES: readonly Base[] = [BUSYBOX, DEBIAN]

/** @throws {SpecError} */
export function parseBase(text: string): Base {
  const base = BASES.find(({ name }) => name === text)
  if (base) return base
  throw new SpecError(`base: expected one of ${BASES.map(({ name }) => name).join(', ')}, got ${JSON.stringify(text)}`)
}

/** @returns the one that a user means by this name; undefined if it is another image */
export const findBase = (bases: readonly Base[], wanted: Reference): Base | undefined =>
  bases.find(({ name }) => canonical(parseReference(name)) === canonical(wanted))

export interface MadeBase {
  readonly image: Image
  /** False if there was one of this name already. */
  readonly made: boolean
  readonly source: string
}

/** @throws {SpecError} if the packages can be neither found nor fetched */
export async function ensureBase({ name, on, grow, config }: Base, images: Images): Promise<MadeBase> {
  const reference = parseReference(name)
  const there = images.list().find(({ names }) => names.includes(canonical(reference)))
  if (there) return { image: there, made: false, source: 'already there' }
  const from = on && (await ensureBase(on, images)).image
  const work = await mkdtemp(join(tmpdir(), 'pocker-base-'))
  try {
    const grown = await grow(work)
    const [created, { os, architecture }] = [timeText(grown.date), hostPlatform()]
    const layer = writeTar(plain(packTree(grown.path), grown))
    const step = { layer, created, created_by: `/bin/sh -c #(nop) ADD ${grown.source} in /` }
    const image = await createImage(images, { from, steps: [step], config: { created, os, architecture, config }, reference })
    return { image, made: true, source: grown.source }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Whoever made it, and whenever. */
async function* plain(archive: Source, { date, without }: Grown): AsyncGenerator<Member> {
  const last = BigInt(date.getTime()) * 1_000_000n
  for await (const { entry, data } of readTar(archive)) {
    if (without?.test(entry.path.replace(/^\.\//, ''))) continue
    yield { entry: { ...entry, mtime: entry.mtime > last ? last : entry.mtime }, data }
  }
}

/** Devices are made with a container, not with an image. */
async function growBusybox(directory: string): Promise<Grown> {
  const { path, source } = await busyboxRootfs(join(directory, 'rootfs'))
  return { path, source: `Debian's package ${source}`, date: statSync(join(path, 'bin/busybox')).mtime, without: /^dev\/./ }
}
