// What is done with the images that are here.
import {
  agreed, historyList, imageList, inspectList, NoSuchImage, openImages, parseFilters, parseReference, parseUntil, print, pruneLines,
  removalLines, svg, tree, type HistoryFlags, type Image, type ImageListFlags, type Images, type ListFlags, type User,
} from '@pocker/images'
import { Writables } from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'
import { orOne, say } from '../../errors.ts'
import { pockerRoot } from '../../image.ts'

export const here = (): Images => openImages(pockerRoot())

export function list([pattern]: string[], flags: ImageListFlags): void {
  const images = here()
  print(imageList(images.list(), pattern, flags, (text) => images.find(text)))
}

/** Containers that run: each has a layer on top of its image's. */
async function users(images: Images): Promise<User[]> {
  await new Writables(images.layers).clean()
  const all = images.list()
  return images.layers.writables().flatMap(({ name, top }) => all.filter((image) => image.layers.at(-1) === top)
    .map(({ id }) => ({ container: name, image: id, running: true })))
}

/** What is not there is gone already, if somebody insists. */
export async function remove(words: string[], { force = false }: { force?: boolean }): Promise<void> {
  const images = here()
  const matters = (error: unknown): boolean => !force || !(error instanceof NoSuchImage)
  const inUse = await users(images)
  for (const word of words) await orOne(async () => print(removalLines(await images.remove(word, { force, inUse }))), matters)
}

export async function inspectAll(words: string[], { format }: ListFlags): Promise<void> {
  const [printed, images, found] = [inspectList(format), here(), [] as Image[]]
  for (const word of words) await orOne(() => void found.push(images.find(word)))
  print(printed(found))
}

export function listHistory([word = '']: string[], flags: HistoryFlags): void {
  print(historyList(here().find(word), flags))
}

interface PruneFlags { readonly all?: boolean; readonly force?: boolean; readonly filter: readonly string[] }

export async function prune(_: string[], { all = false, force = false, filter }: PruneFlags): Promise<void> {
  const filters = parseFilters(filter, ['until', 'label', 'label!'])
  const until = filters.get('until')?.map((text) => parseUntil(text)).toSorted((a, b) => a.getTime() - b.getTime())[0]
  const which = all ? 'all images without at least one container associated to them' : 'all dangling images'
  if (!force && !await agreed(`WARNING! This will remove ${which}.\nAre you sure you want to continue? [y/N] `)) return
  const images = here()
  print(pruneLines(await images.prune({
    all, inUse: await users(images),
    label: filters.get('label') ?? [], labelNot: filters.get('label!') ?? [], ...(until && { until }),
  })))
}

export async function tag([word = '', name = '']: string[]): Promise<void> {
  const images = here()
  await images.tag(images.find(word), parseReference(name))
}

export async function check(): Promise<void> {
  const images = here()
  const problems = await images.check()
  if (problems.length === 0) return print(`${images.list().length} images, all whole\n`)
  for (const problem of problems) say(problem)
  throw new SpecError(`images: expected all of it whole, got ${problems.length} damages; pull or load those images again`)
}

export function drawTree([word = '']: string[], { svg: asPicture }: { svg?: boolean }): void {
  const image = here().find(word)
  print(asPicture ? svg(image) : `${tree(image, process.stdout.columns || undefined)}\n`)
}
