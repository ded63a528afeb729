// The layers of an image, as text.
//
//   tree(image)   → busybox:latest  1f2e3d4c5b6a  4.26MB
//                   ├─ 4.26MB  9a0b1c2d3e4f  ADD rootfs in /
//                   └─     0B  ·             CMD ["sh"]
//
// Invariant: a line for each step of the history, the lowest layer first, as they lie on each other.
import type { Image } from '../store/image.ts'
import { shortId } from '../print/rows.ts'
import { humanSize } from '../print/units.ts'
import { history, type HistoryRow } from '../store/inspect.ts'

/** @param width characters, at most, of a line */
export function tree(image: Image, width = 100): string {
  const rows = history(image).toReversed()
  const sizes = rows.map(({ size }) => humanSize(size))
  const column = Math.max(0, ...sizes.map((size) => size.length))
  const head = [image.repoTags[0] ?? '<none>', shortId(image.id), humanSize(image.size)].join('  ')
  const lines = rows.map((row, i) => {
    const branch = i === rows.length - 1 ? '└─' : '├─'
    return `${branch} ${(sizes[i] ?? '').padStart(column)}  ${(row.layer ? shortId(row.layer) : '·').padEnd(12)}  ${told(row)}`
  })
  return [head, ...lines].map((line) => (line.length > width ? `${line.slice(0, width - 1)}…` : line).trimEnd()).join('\n')
}

/** What made it, without what every step has in common. */
export function told({ createdBy, comment }: HistoryRow): string {
  const words = createdBy.replace(/^\/bin\/sh -c #\(nop\)\s*/, '').replace(/^\/bin\/sh -c /, 'RUN ') || comment
  return words.replace(/[\0-\x1f\x7f-\x9f]+/g, ' ')
}
