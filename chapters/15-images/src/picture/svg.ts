// The layers of an image, as a picture: a pile of boxes, the lowest layer at the bottom, the writable one of a container on top.
//
//   svg(image)   → '<svg xmlns=…>…</svg>'
//
// Invariant: a box's height says how large its layer is; a step without a layer is a line. All text is escaped.
import type { Image } from '../store/image.ts'
import { shortId } from '../print/rows.ts'
import { humanSize } from '../print/units.ts'
import { history } from '../store/inspect.ts'
import { told } from './tree.ts'

/** Pixels. */
const [WIDTH, MARGIN, LINE, LEAST, MOST] = [720, 16, 22, 34, 150]
const FONT = 'font-family="ui-monospace, monospace" font-size="12"'

interface Box { readonly height: number; readonly draw: (y: number) => string }

export function svg(image: Image): string {
  const largest = Math.max(1, ...image.layerSizes)
  const boxes = [writable(), ...history(image).map((row): Box => {
    const words = escaped(cut(told(row), 62))
    if (row.layer === undefined) return { height: LINE, draw: (y) => line(y, words) }
    const height = LEAST + Math.round((MOST - LEAST) * (row.size / largest))
    const [id, size] = [shortId(row.layer), humanSize(row.size)]
    return { height, draw: (y) => box(y, height, [words, `${size} · ${id}`]) }
  })]
  let y = MARGIN + LINE
  const drawn = boxes.map(({ height, draw }) => {
    const at = y
    y += height + 4
    return draw(at)
  })
  const title = escaped(`${image.repoTags[0] ?? '<none>'} · ${shortId(image.id)} · ${humanSize(image.size)}`)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + MARGIN}" ${FONT} role="img" aria-label="${title}">`,
    `<rect width="${WIDTH}" height="${y + MARGIN}" rx="8" fill="#f6f8fa"/>`,
    `<text x="${MARGIN}" y="${MARGIN + 8}" font-weight="bold" fill="#1f2328">${title}</text>`, ...drawn, '</svg>', '',
  ].join('\n')
}

const rect = (y: number, height: number, style: string): string =>
  `<rect x="${MARGIN}" y="${y}" width="${WIDTH - 2 * MARGIN}" height="${height}" rx="4" ${style}/>`
const text = (y: number, words: string): string => `<text x="${2 * MARGIN}" y="${y}" fill="#1f2328">${words}</text>`

const box = (y: number, height: number, [words, size]: readonly [string, string]): string => [
  rect(y, height, 'fill="#4a90d9" fill-opacity="0.25" stroke="#4a90d9"'), text(y + 20, words),
  `<text x="${WIDTH - 2 * MARGIN}" y="${y + 20}" text-anchor="end" fill="#1f2328">${size}</text>`,
].join('')

const line = (y: number, words: string): string => [
  `<line x1="${MARGIN}" x2="${2 * MARGIN - 4}" y1="${y + 11}" y2="${y + 11}" stroke="#1f2328" stroke-dasharray="2 2"/>`,
  text(y + 15, words),
].join('')

const EMPTY = 'fill="none" stroke="#1f2328" stroke-dasharray="4 3"'
const writable = (): Box => ({ height: LEAST, draw: (y) => rect(y, LEAST, EMPTY) + text(y + 20, 'a container’s own layer') })

const cut = (words: string, most: number): string => (words.length > most ? `${words.slice(0, most - 1)}…` : words)
const escaped = (words: string): string => words.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
