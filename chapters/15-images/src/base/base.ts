// Images out of nothing but Debian's packages, for rooms without a network and machines without an account.
//
//   await ensureBase('busybox', images)   → { image, made: true, source: 'busybox-static 1:1.35.0-4' }
//
// Invariant: the same packages give the same image, to the byte: times, owners and the order of files do not depend on when, where
// and by whom it is made.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { busyboxRootfs } from '@pocker/chroot'
import { packTree, readTar, writeTar, type Member, type Source } from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'
import { timeText } from '../format/config.ts'
import { hostPlatform } from '../format/platform.ts'
import { canonical, parseReference } from '../reference.ts'
import type { Image } from '../store/image.ts'
import type { Images } from '../store/images.ts'
import { createImage } from '../transfer/create.ts'
import { debianRootfs } from './debian.ts'

export type Base = 'busybox' | 'debian'
export const BASES: readonly Base[] = ['busybox', 'debian']

/** A root file system on its way to be an image. */
export interface Grown {
  readonly path: string
  /** The packages. */
  readonly source: string
  /** Nothing in it is younger. */
  readonly date: Date
  /** What is not to be in the image: paths. */
  readonly without: RegExp
}

interface Recipe {
  readonly grow: (directory: string) => Promise<Grown>
  readonly env: readonly string[]
  readonly cmd: readonly string[]
}

// region recipes
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const RECIPES: Readonly<Record<Base, Recipe>> = {
  busybox: { grow: growBusybox, env: [PATH], cmd: ['sh'] },
  debian: { grow: debianRootfs, env: [PATH], cmd: ['bash'] },
}
// endregion

/** @throws {SpecError} */
export function parseBase(text: string): Base {
  const base = BASES.find((one) => one === text)
  if (base) return base
  throw new SpecError(`base: expected one of ${BASES.join(', ')}, got ${JSON.stringify(text)}`)
}

export interface MadeBase {
  readonly image: Image
  /** False if there was one of this name already. */
  readonly made: boolean
  readonly source: string
}

/** @throws {SpecError} if the packages can be neither found nor fetched */
export async function ensureBase(base: Base, images: Images): Promise<MadeBase> {
  const reference = parseReference(base)
  const there = images.list().find(({ names }) => names.includes(canonical(reference)))
  if (there) return { image: there, made: false, source: 'already there' }
  const work = await mkdtemp(join(tmpdir(), 'pocker-base-'))
  try {
    const { grow, env, cmd } = RECIPES[base]
    const grown = await grow(work)
    const [created, { os, architecture }] = [timeText(grown.date), hostPlatform()]
    const image = await createImage(images, {
      steps: [{
        layer: writeTar(plain(packTree(grown.path), grown)), created, created_by: `/bin/sh -c #(nop) ADD ${grown.source} in /`,
        comment: 'from Debian packages',
      }],
      config: { created, os, architecture, config: { Env: env, Cmd: cmd } }, reference,
    })
    return { image, made: true, source: grown.source }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Whoever made it, and whenever. */
async function* plain(archive: Source, { date, without }: Grown): AsyncGenerator<Member> {
  const last = BigInt(date.getTime()) * 1_000_000n
  for await (const { entry, data } of readTar(archive)) {
    if (without.test(entry.path.replace(/^\.\//, ''))) continue
    yield { entry: { ...entry, mtime: entry.mtime > last ? last : entry.mtime }, data }
  }
}

/** Its files are made here, and have no date of their own. Devices are made with a container, not with an image. */
async function growBusybox(directory: string): Promise<Grown> {
  const { path, source } = await busyboxRootfs(join(directory, 'rootfs'))
  return { path, source, date: new Date(0), without: /^dev\/./ }
}
