// Which images are nobody's.
import type { Image } from './image.ts'
import type { User } from './remove.ts'

export interface PruneOptions {
  /** Also those with names, if no container uses them. */
  readonly all?: boolean
  readonly inUse?: readonly User[]
  /** Only those created before. */
  readonly until?: Date
  /** Only those with such a label: `key`, `key=value`; each of them. */
  readonly label?: readonly string[]
  /** Only those without such a label. */
  readonly labelNot?: readonly string[]
}

export function isPruned(image: Image, { all = false, inUse = [], until, label = [], labelNot = [] }: PruneOptions): boolean {
  if (inUse.some((user) => user.image === image.id)) return false
  if (!all && image.repoTags.length > 0) return false
  if (until && !(Date.parse(image.created ?? '') < until.getTime())) return false
  return label.every((one) => hasLabel(image, one)) && !labelNot.some((one) => hasLabel(image, one))
}

/** @param label `key` or `key=value` */
export function hasLabel({ config }: Image, label: string): boolean {
  const [key = '', value] = label.split(/=(.*)/s, 2)
  const labels = config.config?.Labels ?? {}
  return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value)
}
