// What `rmi` does, decided before anything is done.
//
//   planRemoval(image, 'busybox:latest', { users })   → { untag: ['docker.io/library/busybox:latest'], remove: true }
//
// A name goes; the image goes with its last name. What a container needs stays, unless somebody insists.
// Invariant: the plan is Docker's for the same names, digests and containers. @see moby, daemon/images/image_delete.go
import type { Digest } from '@pocker/layers'
import { canonicalName, parseReference, type Reference } from '../reference.ts'
import { ImageConflict } from './errors.ts'
import { isBeginningOf } from './find.ts'
import type { Image } from './image.ts'

/** A container, as far as its image is concerned. */
export interface User {
  /** As a message shall call it. */
  readonly container: string
  /** The id of its image. */
  readonly image: Digest
  readonly running: boolean
}

export interface RemoveOptions {
  readonly force?: boolean
  readonly inUse?: readonly User[]
}

export interface RemovalPlan {
  /** Familiar names and digests that it loses. */
  readonly untag: readonly string[]
  readonly remove: boolean
}

const short = (id: string): string => id.replace('sha256:', '').slice(0, 12)

/** @throws {ImageConflict} saying whether force would help */
export function planRemoval(image: Image, text: string, { force = false, inUse = [] }: RemoveOptions = {}): RemovalPlan {
  const users = inUse.filter((user) => user.image === image.id)
  const all = [...image.repoTags, ...image.repoDigests]
  if (isBeginningOf(image.id, text)) {
    // If only one name would be lost, it is clear what is meant.
    checkConflict(image, users, { soft: !force, names: !isSingle(all) })
    return { untag: all, remove: true }
  }
  if (!force && isSingle(all) && users[0]) {
    const why = `container ${users[0].container} is using its referenced image ${short(image.id)}`
    throw new ImageConflict(`unable to remove repository reference ${JSON.stringify(text)} (must force) - ${why}`)
  }
  const untag = lost(image, parseReference(text))
  if (all.length > untag.length) return { untag, remove: false }
  return { untag, remove: users.length === 0 || (force && !users.some((user) => user.running)) }
}

interface Conflicts { readonly soft: boolean; readonly names: boolean }

// region conflicts
function checkConflict({ id }: Image, users: readonly User[], { soft, names }: Conflicts): void {
  const unable = (force: string, why: string): ImageConflict =>
    new ImageConflict(`unable to delete ${short(id)} (${force}) - ${why}`)
  const running = users.find((user) => user.running)
  if (running) throw unable('cannot be forced', `image is being used by running container ${running.container}`)
  if (soft && names) throw unable('must be forced', 'image is referenced in multiple repositories')
  if (soft && users[0]) throw unable('must be forced', `image is being used by stopped container ${users[0].container}`)
}
// endregion

/** What goes with a name: with the last tag of a repository, the digests that it has there. */
function lost({ repoTags, repoDigests }: Image, reference: Reference): string[] {
  const within = (known: string): boolean => canonicalName(parseReference(known)) === canonicalName(reference)
  const same = (known: string): boolean => {
    const { tag, digest } = parseReference(known)
    if (!within(known)) return false
    return reference.digest === undefined ? tag === reference.tag && digest === undefined : digest === reference.digest
  }
  const gone = [...repoTags, ...repoDigests].filter(same)
  const isLast = reference.digest === undefined && !repoTags.some((tag) => within(tag) && !gone.includes(tag))
  return isLast ? [...gone, ...repoDigests.filter(within)] : gone
}

/** One name; or one tag, and digests of the same repository. */
function isSingle(names: readonly string[]): boolean {
  if (names.length <= 1) return true
  const references = names.map(parseReference)
  return references.filter(({ digest }) => digest === undefined).length <= 1 && new Set(references.map(canonicalName)).size === 1
}
