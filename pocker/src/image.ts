// Where root file systems come from: a path; an image of the store, with a layer of its own above it; or, for users who can make
// no layers, a directory with busybox.
//
//   const { image, release } = await lend('busybox', id, owner)   → its root, its users, its config; until release()
//   await look('busybox', owner)                                → the same, to look at: nothing is made
import { chmodSync, existsSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { busyboxRootfs, checkRootfs, type Owner } from '@pocker/chroot'
import type { Image as Stored, Images, RunConfig } from '@pocker/images'
import type { Layers } from '@pocker/layers'
import type { MountSpec } from '@pocker/mount'
import { accountFiles } from '@pocker/privileges'
import { SpecError } from '@pocker/syscalls'
import { say } from './errors.ts'

/** Where pocker keeps what outlives a container. An ordinary user has a place of his own. @see XDG Base Directory Specification */
export function pockerRoot(): string {
  const { POCKER_ROOT, XDG_DATA_HOME } = process.env
  if (POCKER_ROOT) return POCKER_ROOT
  return process.geteuid?.() === 0 ? '/var/lib/pocker' : join(XDG_DATA_HOME || join(homedir(), '.local/share'), 'pocker')
}

export interface Image {
  readonly root: Pick<MountSpec['root'], 'path' | 'made'>
  /** The texts of its passwd and group. */
  readonly accounts: () => ReturnType<typeof accountFiles>
  /** How it is run, if nobody says otherwise. */
  readonly config: RunConfig
}

export interface Lent {
  readonly image: Image
  /** Takes its own layer away, if it has one. */
  readonly release: () => Promise<void>
}

/**
 * @param id the container's
 * @param owner whose the files of a directory are, if not the caller's: root of a user namespace, as it is called outside
 * @throws {SpecError} if there is no such image, and none can be fetched or made
 */
export async function lend(name: string, id: string, owner?: Owner): Promise<Lent> {
  if (isPath(name) || !canLayer(owner)) return { image: await ensureDirectory(name, owner), release: async () => {} }
  const [{ openImages }, { Writables }] = await Promise.all([import('@pocker/images'), import('@pocker/layers')])
  const images = openImages(pockerRoot())
  const [stored, writables] = [await obtained(images, name), new Writables(images.layers)]
  await writables.clean()
  return new Promise((answer, failed) => {
    const ended = writables.borrow(id, stored.layers.at(-1), () => new Promise<void>((release) => {
      const image = layered(stored, images.layers, writables.root(id))
      answer({ image, release: () => (release(), ended) })
    }))
    ended.catch(failed)
  })
}

/** @throws {SpecError} if there is no such image */
export async function look(name: string, owner?: Owner): Promise<Image> {
  if (isPath(name) || !canLayer(owner)) return directory(name, owner)
  const [{ NoSuchImage, openImages }, { Writables }] = await Promise.all([import('@pocker/images'), import('@pocker/layers')])
  const images = openImages(pockerRoot())
  try {
    const stored = images.find(name)
    return layered(stored, images.layers, new Writables(images.layers).root('CONTAINER', stored.layers.at(-1)))
  } catch (error) {
    if (!(error instanceof NoSuchImage)) throw error
    if (!isBusybox(name)) throw new SpecError(`${error.message}; type: pocker pull ${name}`, { cause: error })
    return directory(name) // it can be made at any time, so its plan can be shown: of a root in one directory
  }
}

/** One that is here, or can be made here; otherwise a registry is asked. */
async function obtained(images: Images, name: string): Promise<Stored> {
  const { ensureBase, errorScreen, NoSuchImage, parseReference, progressLines } = await import('@pocker/images')
  try {
    return images.find(name)
  } catch (error) {
    if (!(error instanceof NoSuchImage)) throw error
    const { baseOf, fetchImage } = await import('./commands/images/registry.ts')
    const base = baseOf(parseReference(name))
    if (base) {
      const { image, source } = await ensureBase(base, images)
      say(`${name}: not here yet, so it is made from ${source}`)
      return image
    }
    say(`unable to find image ${JSON.stringify(name)} here`)
    await fetchImage(images, parseReference(name), progressLines(errorScreen()))
    return images.find(name)
  }
}

function layered({ layers, config }: Stored, store: Layers, root: Image['root']): Image {
  const texts = (file: 'passwd' | 'group'): string => {
    const directory = store.having(layers.at(-1), join('etc', file))
    return directory === undefined ? '' : accountFiles(directory)[file]
  }
  return { root, accounts: () => ({ passwd: texts('passwd'), group: texts('group') }), config: config.config ?? {} }
}

const isPath = (name: string): boolean => /^\.{0,2}\//.test(name)
const isBusybox = (name: string): boolean => name === 'busybox' || name === 'busybox:latest'
/** Layers belong to the machine's root, and their files are root's. */
const canLayer = (owner: Owner | undefined): boolean => owner === undefined && process.geteuid?.() === 0

/** Of a path, or of busybox. */
function directory(name: string, owner?: Owner): Image {
  const path = pathOf(name, owner)
  return {
    root: { path }, config: isPath(name) ? {} : { Cmd: ['sh'] },
    accounts: () => (existsSync(path) ? accountFiles(path) : { passwd: '', group: '' }),
  }
}

function pathOf(name: string, owner?: Owner): string {
  if (isPath(name)) return resolve(name)
  const own = owner ? `${owner.uid}.${owner.gid}` : '' // a set of its own for each owner, as Docker has it
  if (isBusybox(name)) return join(pockerRoot(), own, 'rootfs/busybox')
  const who = 'for an ordinary user, or with --userns'
  throw new SpecError(`image: expected busybox, or the path of an unpacked root file system such as ./rootfs, ${who}, got ${name}`)
}

/** Others may pass through, and see no name. What is closed in there stays closed. */
const PASS = 0o011

/** Makes busybox's if it is not there yet. */
export async function ensureDirectory(name: string, owner?: Owner): Promise<Image> {
  const image = directory(name, owner)
  if (!isPath(name)) {
    const { made, source } = await busyboxRootfs(image.root.path, owner)
    if (owner) chmodSync(pockerRoot(), statSync(pockerRoot()).mode | PASS) // its owner has to get there
    if (made) say(`${name}: not here yet, so it is made from Debian's package ${source}`)
  }
  checkRootfs(image.root.path)
  return image
}
