// Which image somebody means.
//
//   findImage(images, 'busybox')    → by name        findImage(images, '3f57')   → by the beginning of its id
//
// Invariant: a name goes before the beginning of an id, as with Docker: an image called `cafe` is found by it.
import { isDigest } from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'
import { canonical, canonicalName, familiar, parseReference, type Reference } from '../reference.ts'
import { NoSuchImage } from './errors.ts'
import type { Image } from './image.ts'

/** @throws {NoSuchImage} and {SpecError} if it could be several, or is no name at all */
export function findImage(images: readonly Image[], text: string): Image {
  const id = isDigest(`sha256:${text}`) ? `sha256:${text}` : text
  const exact = images.find((image) => image.id === id)
  if (exact) return exact
  const byId = images.filter((image) => isBeginningOf(image.id, text))
  if (isDigest(id)) throw new NoSuchImage(id)
  const reference = parseReference(text)
  const named = images.find((image) => isCalled(image, reference))
  if (named) return named
  if (byId.length > 1) throw new SpecError(`image: expected more of an id than ${JSON.stringify(text)}: ${byId.length} begin so`)
  if (byId[0]) return byId[0]
  throw new NoSuchImage(familiar(reference))
}

const isCalled = ({ names, repoDigests }: Image, reference: Reference): boolean =>
  (reference.digest === undefined
    ? names.includes(canonical(reference))
    : repoDigests.some((known) => canonical(parseReference(known)) === `${canonicalName(reference)}@${reference.digest}`))

/** @param text with or without `sha256:` */
export const isBeginningOf = (id: string, text: string): boolean =>
  /^(sha256:)?[0-9a-f]+$/.test(text) && id.startsWith(text.startsWith('sha256:') ? text : `sha256:${text}`)
