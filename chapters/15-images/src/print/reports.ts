// What pull, push, rmi, prune and load tell.
//
//   const report = pullReport(reference, progressLines(process.stdout))
//   await pull(images, reference, { progress: report.show }); report.done({ digest, status: 'newer' })
//   removalLines({ untagged: ['busybox:latest'], deleted: ['sha256:…'] })   → 'Untagged: busybox:latest\nDeleted: …'
//
// Invariant: the words are Docker's: programs read them.
import { canonical, canonicalName, familiar, type Reference } from '../reference.ts'
import type { LayerProgress, ProgressLines } from './progress.ts'
import { humanSize } from './units.ts'

export interface Pulled { readonly digest: string; readonly status: 'newer' | 'current' }

/** The first line comes when the registry has answered: until then, there may be nothing to pull. */
export function pullReport(reference: Reference, lines: ProgressLines): {
  show: (progress: LayerProgress) => void
  done: (pulled: Pulled) => void
} {
  let begun = false
  const name = reference.digest === undefined ? reference.tag : canonical(reference)
  const begin = (): void => {
    if (!begun) lines.say(`${name}: Pulling from ${reference.path}`)
    begun = true
  }
  return {
    show: (progress) => {
      begin()
      lines.show(progress)
    },
    done: ({ digest, status }) => {
      begin()
      lines.say(`Digest: ${digest}`)
      lines.say(`Status: ${status === 'newer' ? 'Downloaded newer image' : 'Image is up to date'} for ${familiar(reference)}`)
    },
  }
}

export const pushBegins = (reference: Reference): string => `The push refers to repository [${canonicalName(reference)}]`
export const pushDone = ({ tag }: Reference, { digest, size }: { digest: string; size: number }): string =>
  `${tag}: digest: ${digest} size: ${size}`

interface Removed { readonly untagged: readonly string[]; readonly deleted: readonly string[] }

export const removalLines = ({ untagged, deleted }: Removed): string =>
  [...untagged.map((name) => `Untagged: ${name}\n`), ...deleted.map((id) => `Deleted: ${id}\n`)].join('')

export function pruneLines({ untagged, deleted, reclaimed }: Removed & { readonly reclaimed: number }): string {
  const gone = [...untagged.map((name) => `untagged: ${name}\n`), ...deleted.map((id) => `deleted: ${id}\n`)]
  return `${gone.length > 0 ? `Deleted Images:\n${gone.join('')}\n` : ''}Total reclaimed space: ${humanSize(reclaimed, 4)}\n`
}

interface Loaded { readonly image: { readonly id: string }; readonly names: readonly string[] }

/** An image of an archive that has no name there has its id. */
export const loadLines = (loaded: readonly Loaded[]): string =>
  loaded.flatMap(({ image, names }) => (names.length > 0
    ? names.map((name) => `Loaded image: ${name}\n`)
    : [`Loaded image ID: ${image.id}\n`])).join('')
