// How far a pull or a push has come: a line for each layer, as Docker prints them.
//
//   const lines = progressLines(process.stdout)
//   lines.show({ id: 'a1b2c3d4e5f6', status: 'Downloading', current: 12_300_000, total: 45_600_000 })
//   lines.say('Digest: sha256:…')
//
// On a terminal each layer keeps its line. Elsewhere there is a line for each change.
// Invariant: after each write the cursor is at the left, below all lines; so whenever it ends, the terminal is as it should be.
import { humanSize } from './units.ts'

export interface LayerProgress {
  readonly id: string
  readonly status: string
  /** Bytes so far, and in all. */
  readonly current?: number
  readonly total?: number
}

export interface ProgressLines {
  show(progress: LayerProgress): void
  /** A line of its own, below all layers. */
  say(line: string): void
}

/** A stream that may be a terminal. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

export const progressLines = (screen: Screen, now: () => number = Date.now): ProgressLines =>
  screen.isTTY ? new Terminal(screen, now) : new Plain(screen)

/** Without a terminal: what moves is not told, what changes is. */
class Plain implements ProgressLines {
  readonly #screen: Screen
  readonly #last = new Map<string, string>()

  constructor(screen: Screen) {
    this.#screen = screen
  }

  show({ id, status, current = 0, total = 0 }: LayerProgress): void {
    if (current > 0 || total > 0 || this.#last.get(id) === status) return
    this.#last.set(id, status)
    this.say(`${id}: ${status}`)
  }

  say(line: string): void {
    this.#screen.write(`${line}\n`)
  }
}

/** Milliseconds between two looks at the same bar. */
const PAUSE = 100
/** From so many columns on there is room for a bar. */
const BAR_FROM = 111
const BAR = 50
/** Of a layer that needs no further look. */
const ENDED = /^(?:Pull complete|Already exists|Pushed|Layer already exists|Mounted from .*)$/

interface Layer extends LayerProgress { readonly shownAt: number }

class Terminal implements ProgressLines {
  readonly #screen: Screen
  readonly #now: () => number
  #layers = new Map<string, Layer>()
  /** As they stand on the terminal, top to bottom. */
  #drawn: string[] = []

  constructor(screen: Screen, now: () => number) {
    this.#screen = screen
    this.#now = now
  }

  show(progress: LayerProgress): void {
    const before = this.#layers.get(progress.id)
    const [at, ended] = [this.#now(), progress.current === progress.total]
    if (before?.status === progress.status && !ended && at - before.shownAt < PAUSE) return
    this.#layers.set(progress.id, { ...progress, shownAt: at })
    this.#draw()
  }

  say(line: string): void {
    this.#screen.write(`${line}\n`)
    this.#layers = new Map()
    this.#drawn = []
  }

  /** Writes only the lines that changed. A new line is the last one: the terminal scrolls by itself. */
  #draw(): void {
    const [lines, old] = [this.#lines(), this.#drawn]
    const changes = lines.flatMap((line, i): string[] => (i < old.length && line !== old[i] ? [moved(old.length - i, line)] : []))
    const added = lines.slice(old.length).map((line) => `${line}\n`)
    this.#drawn = lines
    const text = [...changes, ...added].join('')
    if (text) this.#screen.write(text)
  }

  /** Those that fit; of more, the ones that are not finished first, and a last line that counts the rest. */
  #lines(): string[] {
    const [rows, columns] = [this.#screen.rows || 24, this.#screen.columns || 80] // some terminals say 0
    const [all, room] = [[...this.#layers.values()], Math.max(1, Math.max(rows - 1, this.#drawn.length))]
    const line = (layer: Layer): string => layerLine(layer, columns)
    if (all.length <= room) return all.map(line)
    const unfinished = all.filter(({ status }) => !ENDED.test(status))
    const chosen = new Set([...unfinished, ...all.filter(({ status }) => ENDED.test(status))].slice(0, room - 1))
    const rest = `… and ${all.length - chosen.size} more, ${all.length - unfinished.length} of ${all.length} done`
    return [...all.filter((layer) => chosen.has(layer)).map(line), rest.slice(0, columns)]
  }
}

/** Up, to the left, the line anew, and back down. */
const moved = (up: number, line: string): string => `\x1b[${up}A\r\x1b[2K${line}\r\x1b[${up}B`

/** `a1b2c3d4e5f6: Downloading [=====>     ]  12.3MB/45.6MB`, cut to the terminal's width: a second row would be in the way. */
export function layerLine({ id, status, current = 0, total = 0 }: LayerProgress, columns: number): string {
  const figures = current <= 0 && total <= 0 ? '' : ` ${bar(current, total, columns)}${amounts(current, total)}`
  return [...`${id}: ${status}${figures}`].slice(0, Math.max(1, columns)).join('')
}

function bar(current: number, total: number, columns: number): string {
  if (columns < BAR_FROM || total <= 0) return ''
  const done = Math.min(BAR, Math.trunc(Math.trunc((current / total) * 100) / 2))
  return `[${'='.repeat(done)}>${' '.repeat(BAR - done)}] `
}

function amounts(current: number, total: number): string {
  const so = humanSize(current, 4).padStart(8)
  return total > 0 && current <= total ? `${so}/${humanSize(total, 4)}` : so
}
