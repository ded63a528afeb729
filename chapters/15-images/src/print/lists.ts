// What `images`, `history` and `image inspect` print, whatever their flags are.
//
//   imageList(images, 'busy*', { filter: ['dangling=false'], quiet: true })   → ids, a line for each name
//   historyList(image, { human: true })                                        → a table of its steps
//   inspectList('{{.Id}}')([image])                                            → its id
//
// Invariant: flags are checked before the first image is looked at, so a wrong one is told on a machine without images too.
import { SpecError } from '@pocker/syscalls'
import { inspect, history } from '../store/inspect.ts'
import type { Image } from '../store/image.ts'
import { hasLabel } from '../store/prune.ts'
import { booleanFilter, parseFilters, parseUntil, type Filters } from './filters.ts'
import { formatRows, inspection } from './format.ts'
import {
  HISTORY, HISTORY_TABLE, HISTORY_TABLE_FOR_PROGRAMS, historyRows, IMAGE_TABLE, IMAGE_TABLE_WITH_DIGESTS, imageRows, IMAGES,
} from './rows.ts'

export interface ListFlags {
  readonly quiet?: boolean
  /** Ids in twelve digits; yes, unless it says false. */
  readonly trunc?: boolean
  readonly format?: string
}
export interface ImageListFlags extends ListFlags {
  readonly digests?: boolean
  /** `name=value` */
  readonly filter?: readonly string[]
}

const IDS = '{{.ID}}'
/** An empty format is none; `table` alone is the usual one. */
const isUsual = (format: string | undefined): boolean => format === undefined || format === '' || format === 'table'

/** @param find for the filters before and since: an image by what the user calls it */
export function imageList(
  images: readonly Image[], pattern: string | undefined, flags: ImageListFlags, find: (text: string) => Image,
): string {
  const filters = parseFilters(flags.filter ?? [], ['dangling', 'label', 'before', 'since', 'until', 'reference'])
  const patterns = [...(filters.get('reference') ?? []), ...(pattern === undefined ? [] : [pattern])]
  const chosen = images.filter(chooses(filters, find)).flatMap((image) => named(image, patterns))
  return formatRows(imageFormat(flags), imageRows(chosen, {
    digests: flags.digests === true || (flags.format ?? '').includes('{{.Digest}}'), truncate: flags.trunc !== false,
  }), IMAGES)
}

function imageFormat({ quiet, digests, format }: ImageListFlags): string {
  if (isUsual(format)) return quiet ? IDS : digests ? IMAGE_TABLE_WITH_DIGESTS : IMAGE_TABLE
  const given = format as string
  return digests && given.startsWith('table') && !given.includes('{{.Digest}}') ? `${given}\t{{.Digest}}` : given
}

/** All of them have to hold; of several values of before, since and until, all too. */
function chooses(filters: Filters, find: (text: string) => Image): (image: Image) => boolean {
  const dangling = booleanFilter(filters, 'dangling')
  const at = (image: Image): number => Date.parse(image.created ?? '')
  const all = (name: string): readonly string[] => filters.get(name) ?? []
  const [before, since, until] = [all('before').map(find), all('since').map(find), all('until').map((text) => parseUntil(text))]
  return (image) => (dangling === undefined || (dangling ? image.repoTags.length === 0 : isNamed(image)))
    && all('label').every((label) => hasLabel(image, label))
    && before.every((other) => at(image) < at(other)) && since.every((other) => at(image) > at(other))
    && until.every((time) => at(image) < time.getTime())
}

/** By a tag or a digest; what has a digest alone is dangling nevertheless. */
const isNamed = ({ repoTags, repoDigests }: Image): boolean => repoTags.length + repoDigests.length > 0

/** An image with those of its names that one of the patterns fits; none if it has no such name. */
function named(image: Image, patterns: readonly string[]): Image[] {
  if (patterns.length === 0) return [image]
  const expressions = patterns.map(globExpression)
  const fits = (name: string, repository: string): boolean => expressions.some((one) => one.test(name) || one.test(repository))
  const repoTags = image.repoTags.filter((name) => fits(name, name.slice(0, name.lastIndexOf(':'))))
  const repoDigests = image.repoDigests.filter((name) => fits(name, name.slice(0, name.indexOf('@'))))
  return repoTags.length + repoDigests.length > 0 ? [{ ...image, repoTags, repoDigests }] : []
}

/** * and ? stand for what is within one part of a path, [a-z] for one of these letters. @see https://pkg.go.dev/path#Match */
function globExpression(pattern: string): RegExp {
  const wrong = `--filter: reference: expected a pattern such as busybox:*, got ${JSON.stringify(pattern)}`
  const source = pattern.replace(/\*+|\[\^?(?:\\.|[^\\\]])+\]|\\?./gs, (found) => {
    if (found.startsWith('*')) return '[^/]*'
    if (found === '?') return '[^/]'
    if (found === '[' || found === '\\') throw new SpecError(wrong)
    return found.length > 2 ? found.replace(/\\(\w)/g, '$1') : found.slice(-1).replace(/\W/, '\\$&')
  })
  try {
    return new RegExp(`^${source}$`)
  } catch (error) {
    throw new SpecError(wrong, { cause: error })
  }
}

export interface HistoryFlags extends ListFlags {
  readonly human?: boolean
}

export function historyList(image: Image, { quiet, trunc, human = true, format }: HistoryFlags): string {
  const usual = quiet ? IDS : human ? HISTORY_TABLE : HISTORY_TABLE_FOR_PROGRAMS
  const rows = historyRows(history(image), { human, truncate: trunc !== false })
  return formatRows(isUsual(format) ? usual : format as string, rows, HISTORY)
}

/** @returns what prints them: the template has been read by then */
export function inspectList(format: string | undefined): (images: readonly Image[]) => string {
  const print = inspection(format)
  return (images) => print(images.map((image) => typed(inspect(image))))
}

/** What Go's types add to JSON: a list that is not set is printed as an empty one, and a field that is not there is known. */
function typed(data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const config = data['Config'] as Readonly<Record<string, unknown>>
  const lists = ['Env', 'Cmd', 'Entrypoint', 'OnBuild'].map((name) => [name, config[name] ?? unset([], null)])
  const maps = ['Volumes', 'Labels'].map((name) => [name, config[name] ?? unset({}, null)])
  const unknown = { Healthcheck: undefined, StopSignal: undefined }
  const optional = { Shell: unset([], undefined), ExposedPorts: unset({}, undefined), ...unknown }
  const missing = Object.entries(optional).filter(([name]) => !Object.hasOwn(config, name))
  return { ...data, Config: { ...config, ...Object.fromEntries([...lists, ...maps, ...missing]) } }
}

/** Empty, and as JSON what it really is. */
const unset = (empty: object, json: null | undefined): object =>
  Object.defineProperty(empty, 'toJSON', { value: () => json, enumerable: false })
