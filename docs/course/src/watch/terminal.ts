// A terminal that is drawn on as a whole, and is as it was when we leave it, however that happens.
//
//   const terminal = openTerminal({ key, resized, ended })
//   terminal.draw([{ text: 'hello', style: 'bold' }])
//   terminal.close()
//
// Invariant: raw mode, the other screen and the hidden cursor end with close(), with an exit, with SIGINT, SIGTERM, SIGHUP,
// with an error that nobody catches, and while Ctrl-Z has us stand still. A line is never wider than the terminal.
import colors from 'picocolors'

export type Style = 'bold' | 'dim' | 'good' | 'bad' | 'warn' | 'plain'
export interface Line {
  readonly text: string
  readonly style?: Style
  /** Columns by which its second line is moved to the right. */
  readonly hang?: number
  /** Never folded: what does not fit is cut off. */
  readonly whole?: true
}
interface Events {
  key(name: string): void
  resized(): void
  /** The terminal is gone, or somebody wants us to end. */
  ended(signal: NodeJS.Signals): void
}
export interface Terminal {
  readonly size: { readonly columns: number; readonly rows: number }
  draw(lines: readonly Line[]): void
  close(): void
}

const STYLES: Readonly<Record<Style, (text: string) => string>> = {
  bold: colors.bold, dim: colors.dim, good: colors.green, bad: colors.red, warn: colors.yellow, plain: (text) => text,
}
const KEYS: Readonly<Record<string, string>> = {
  '\x03': 'q', '\x04': 'q', '\x1a': 'suspend', '\r': 'enter', '\n': 'enter', '\x1b': 'escape', ' ': 'pagedown', '\x7f': 'back',
  '\x1b[A': 'up', '\x1b[B': 'down', '\x1b[C': 'right', '\x1b[D': 'left', '\x1bOA': 'up', '\x1bOB': 'down', '\x1bOC': 'right',
  '\x1bOD': 'left', '\x1b[5~': 'pageup', '\x1b[6~': 'pagedown',
}
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l'
/** Erased before it is written: behind the last column, the cursor stands on the last character. */
const [HOME, ERASED] = ['\x1b[H', '\x1b[2K']

export const isTerminal = (): boolean => process.stdin.isTTY && process.stdout.isTTY

export function openTerminal({ key, resized, ended }: Events): Terminal {
  const { stdin, stdout } = process
  const knowsScreens = process.env['TERM'] !== 'dumb' && process.env['TERM'] !== undefined
  let entered = false
  const put = (text: string): void => {
    try {
      if (knowsScreens) stdout.write(text)
    } catch { /* the terminal is gone */ }
  }
  const enter = (): void => {
    entered = true
    stdin.setRawMode(true)
    put(ENTER)
  }
  const leave = (): void => {
    if (!entered) return
    entered = false
    put(LEAVE)
    try {
      stdin.setRawMode(false)
    } catch { /* the terminal is gone */ }
  }
  const suspend = (): void => {
    leave()
    process.once('SIGCONT', () => {
      enter()
      resized()
    })
    process.kill(0, 'SIGTSTP') // npx, too: the shell waits for all of the job
  }
  const typed = (data: Buffer): void => {
    for (const name of keysOf(data.toString())) name === 'suspend' ? suspend() : key(name)
  }
  const listeners = SIGNALS.map((signal) => [signal, (): void => {
    leave()
    ended(signal)
  }] as const)
  const hungUp = (): void => ended('SIGHUP')
  const crashed = (error: Error): void => {
    leave()
    console.error(error)
    process.exit(1)
  }

  for (const [signal, listener] of listeners) process.on(signal, listener)
  process.on('exit', leave).on('uncaughtException', crashed)
  stdout.on('resize', resized).on('error', hungUp)
  stdin.on('data', typed).on('end', hungUp).on('error', hungUp)
  enter()
  return {
    get size() {
      return { columns: stdout.columns || 80, rows: stdout.rows || 24 }
    },
    draw(lines) {
      if (!entered) return
      const shown = lines.map(({ text, style = 'plain' }) => STYLES[style](cut(text, stdout.columns || 80)))
      if (knowsScreens) stdout.write(HOME + shown.map((line) => ERASED + line).join('\r\n'))
      else stdout.write(`${shown.join('\r\n').trimEnd()}\r\n`)
    },
    close() {
      leave()
      for (const [signal, listener] of listeners) process.off(signal, listener)
      process.off('exit', leave).off('uncaughtException', crashed)
      stdout.off('resize', resized)
      stdin.off('data', typed).off('end', hungUp).pause()
    },
  }
}

/** @returns names of keys; what is typed fast arrives together */
export function keysOf(data: string): string[] {
  const parts = data.match(/\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])|[^]/gu) ?? []
  return parts.map((part) => KEYS[part] ?? part).filter((name) => name.length > 1 || name >= ' ')
}

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u
const width = (character: string): number => (WIDE.test(character) ? 2 : 1)

/** @returns the text without what would move the cursor, as wide as it may be */
export function cut(text: string, columns: number): string {
  let used = 0
  let shown = ''
  for (const character of text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '·')) {
    used += width(character)
    if (used > columns) break
    shown += character
  }
  return shown
}

/** @returns the text in lines of at most so many columns, broken at blanks where there are any; the indentation stays */
export function wrap(text: string, columns: number, hang = 0): string[] {
  const spaces = Math.min(/^ */.exec(text)?.[0].length ?? 0, Math.max(0, columns - 20))
  const lines: string[] = []
  let line = ''
  const indent = (): string => ' '.repeat(spaces + (lines.length > 0 ? hang : 0))
  const room = (): number => Math.max(10, columns - indent().length)
  const end = (part: string): void => {
    lines.push(indent() + part)
  }
  for (const word of text.trimStart().split(' ')) {
    if (line && line.length + 1 + word.length > room()) {
      end(line)
      line = word
    } else line += line ? ` ${word}` : word
    while (line.length > room()) {
      const rest = line.slice(room())
      end(line.slice(0, room()))
      line = rest
    }
  }
  end(line)
  return lines
}
