// The rows of `images` and `history`.
//
//   formatRows(IMAGE_TABLE, imageRows(images, { digests: false, truncate: true }), IMAGES)
//
// Invariant: an image has a row for each of its names, and one if it has none.
import { ago, ellipsis, goTime, humanSize, rfc3339 } from './units.ts'
import type { List, Row } from './format.ts'

export interface ImageSummary {
  readonly id: string
  /** Familiar: busybox:latest. */
  readonly repoTags: readonly string[]
  /** busybox@sha256:… */
  readonly repoDigests: readonly string[]
  /** RFC 3339. */
  readonly created: string | undefined
  /** Bytes. */
  readonly size: number
}

export const IMAGES: List = {
  type: '*formatter.imageContext',
  headings: {
    ID: 'IMAGE ID', Repository: 'REPOSITORY', Tag: 'TAG', Digest: 'DIGEST', CreatedSince: 'CREATED', CreatedAt: 'CREATED AT',
    Size: 'SIZE', Containers: 'CONTAINERS', VirtualSize: 'SIZE', SharedSize: 'SHARED SIZE', UniqueSize: 'UNIQUE SIZE',
  },
}
/** A time may be missing. */
const SINCE = '{{if .CreatedSince}}{{.CreatedSince}}{{else}}N/A{{end}}'
const columns = (names: readonly string[]): string =>
  `table ${names.map((name) => (name === 'CreatedSince' ? SINCE : `{{.${name}}}`)).join('\t')}`
export const IMAGE_TABLE = columns(['Repository', 'Tag', 'ID', 'CreatedSince', 'Size'])
export const IMAGE_TABLE_WITH_DIGESTS = columns(['Repository', 'Tag', 'Digest', 'ID', 'CreatedSince', 'Size'])

const NONE = '<none>'
/** Of an id, without its `sha256:`. */
const SHORT = 12
export const shortId = (id: string): string => id.replace(/^sha256:/, '').slice(0, SHORT)

export interface Wanted {
  /** A row for each digest too. */
  readonly digests: boolean
  readonly truncate: boolean
  readonly now?: number
}

export function imageRows(images: readonly ImageSummary[], { digests, truncate, now }: Wanted): Row[] {
  return images.flatMap((image) => namesOf(image, digests).map(([repository, tag, digest]) => ({
    Containers: 'N/A', CreatedAt: goTime(image.created), CreatedSince: since(image.created, now), Digest: digest,
    ID: truncate ? shortId(image.id) : image.id, Repository: repository, SharedSize: 'N/A', Size: humanSize(image.size), Tag: tag,
    UniqueSize: 'N/A', VirtualSize: humanSize(image.size),
  })))
}

type Name = readonly [repository: string, tag: string, digest: string]

/** An image is a stranger's: what it says shall not give orders to the terminal. */
const visible = (text: string): string => text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, '?')

/** In a history, Docker takes 1970 for a time that nobody has told. */
const isTold = (created = ''): boolean => Date.parse(created) > 0
/** What Go writes for a time that was never set. */
const NEVER = Date.parse('0001-01-01T00:00:00Z')
function since(created: string | undefined, now?: number): string {
  const then = new Date(created ?? NEVER)
  return then.getTime() === NEVER ? '' : ago(then, now)
}

/** The digests of a repository stand beside its tags; a row of their own they have where there is none. */
function namesOf({ repoTags, repoDigests }: ImageSummary, digests: boolean): Name[] {
  const known = new Map<string, string[]>()
  for (const text of repoDigests) {
    const [repository = '', digest = ''] = text.split('@')
    known.set(repository, [...(known.get(repository) ?? []), digest])
  }
  const tagged = new Set<string>()
  const names = repoTags.flatMap((text): Name[] => {
    const colon = text.lastIndexOf(':')
    const [repository, tag] = [text.slice(0, colon), text.slice(colon + 1)]
    tagged.add(repository)
    return ((digests && known.get(repository)) || [NONE]).map((digest) => [repository, tag, digest])
  })
  for (const [repository, all] of known) {
    if (!tagged.has(repository)) names.push(...(digests ? all : ['']).map((digest): Name => [repository, NONE, digest]))
  }
  return names.length > 0 ? names : [[NONE, NONE, NONE]]
}

export interface HistoryStep {
  /** Of the image that ended here, or `<missing>`. */
  readonly id: string
  /** RFC 3339. */
  readonly created: string | undefined
  readonly createdBy: string
  readonly size: number
  readonly comment: string
}

export const HISTORY: List = {
  type: '*formatter.historyContext',
  headings: {
    ID: 'IMAGE', CreatedSince: 'CREATED', CreatedAt: 'CREATED AT', CreatedBy: 'CREATED BY', Size: 'SIZE', Comment: 'COMMENT',
  },
}
export const HISTORY_TABLE = columns(['ID', 'CreatedSince', 'CreatedBy', 'Size', 'Comment'])
export const HISTORY_TABLE_FOR_PROGRAMS = columns(['ID', 'CreatedAt', 'CreatedBy', 'Size', 'Comment'])

/** Columns of CREATED BY in a list. */
const CREATED_BY_MOST = 45

export interface HistoryWanted {
  /** Sizes with units, and times as what has passed since. */
  readonly human: boolean
  readonly truncate: boolean
  readonly now?: number
}

export function historyRows(steps: readonly HistoryStep[], { human, truncate, now }: HistoryWanted): Row[] {
  return steps.map(({ id, created, createdBy, size, comment }) => {
    const by = visible(createdBy).replaceAll('\t', ' ')
    return {
      Comment: visible(comment), CreatedAt: rfc3339(created), CreatedBy: truncate ? ellipsis(by, CREATED_BY_MOST) : by,
      CreatedSince: human ? since(isTold(created) ? created : undefined, now) : rfc3339(created), ID: truncate ? shortId(id) : id,
      Size: human ? humanSize(size) : String(size),
    }
  })
}
