// The way from a starter to its solution, in the steps that the solution marks:
//
//   // step: the namespace comes with the clone
//   //   a second line of what the lecturer says
//   flags: CLONE_NEWUTS,
//
//   stepsOf(starter, solution)     → [{ why: 'the starter', text }, { why: 'the namespace …', text }, …]
//   withoutMarkers(solution)       → its text, as a student sees it
//
// A step reaches to the next marker of its depth, or to the end of the block that it stands in; a step in a step comes later.
// What is in no step comes with the first. `// step 3: why` puts it elsewhere than where it stands.
// Invariant: pure. The last step's text is the solution without its markers; names that a step does not use are not imported.
export interface Step {
  /** What the lecturer says: sentences, one a line. */
  readonly why: readonly string[]
  readonly text: string
}

const MARKER = /^(?<indent>\s*)\/\/ step(?: (?<order>\d+))?: (?<why>.+)$/
const MORE = /^\s*\/\/ {3}(?<why>\S.*)$/

/** Where nothing is marked, the solution is one step. */
export function stepsOf(starter: string, solution: string): Step[] {
  const { lines, whys } = parsed(solution)
  const upTo = (step: number): string => lines.filter((line) => line.step <= step).map(({ text }) => text).join('\n')
  const said = whys.length > 0 ? whys : [['The solution, in which no steps are marked.']]
  return [
    { why: ['The starter.'], text: starter },
    ...said.map((why, i) => ({ why, text: i >= whys.length - 1 ? upTo(i) : usedImports(upTo(i)) })),
  ]
}

export const withoutMarkers = (solution: string): string => parsed(solution).lines.map(({ text }) => text).join('\n')

interface Marker { readonly why: string[]; readonly order: number }

/** @returns each line with the number of its step, and what is said, in order */
function parsed(solution: string): { lines: { text: string; step: number }[]; whys: string[][] } {
  const lines: { text: string; marker: Marker | undefined }[] = []
  const markers: Marker[] = []
  const open: { indent: number; marker: Marker }[] = [] // the blocks that a line stands in, the innermost last
  let told: Marker | undefined
  for (const text of solution.split('\n')) {
    const { indent, order, why } = MARKER.exec(text)?.groups ?? {}
    const more: string | undefined = told && MORE.exec(text)?.groups?.['why']
    if (why !== undefined) {
      leave(open, (indent ?? '').length - 1)
      told = { why: [why], order: Number(order ?? markers.length + 1) }
      markers.push(told)
      open.push({ indent: (indent ?? '').length, marker: told })
    } else if (more !== undefined) {
      told?.why.push(more)
    } else {
      if (text.trim()) leave(open, leading(text))
      lines.push({ text, marker: open.at(-1)?.marker })
      told = undefined
    }
  }
  const sorted = markers.toSorted((a, b) => a.order - b.order)
  return {
    lines: lines.map(({ text, marker }) => ({ text, step: marker ? sorted.indexOf(marker) : 0 })),
    whys: sorted.map(({ why }) => why),
  }
}

function leave(open: { readonly indent: number }[], indent: number): void {
  while ((open.at(-1)?.indent ?? -1) > indent) open.pop()
}

const leading = (text: string): number => text.length - text.trimStart().length

const IMPORT = /^import (?<type>type )?\{(?<names>[^}]*)\} from (?<from>'[^']+')\n/gm

/** Nobody types an import before it is used. */
export function usedImports(text: string): string {
  const rest = text.replaceAll(IMPORT, '')
  return text.replaceAll(IMPORT, (...match: unknown[]) => {
    const { type = '', names, from } = match.at(-1) as { type?: string; names: string; from: string }
    const used = names.split(',').map((name) => name.trim()).filter((name) => isUsed(rest, name))
    if (used.length === 0) return ''
    const line = `import ${type}{ ${used.join(', ')} } from ${from}\n`
    return line.length <= 120 ? line : `import ${type}{\n  ${folded(used)},\n} from ${from}\n`
  })
}

const isUsed = (text: string, name: string): boolean =>
  name !== '' && new RegExp(`(?<![\\w$])${name.replace(/^type /, '').replace(/^.* as /, '')}(?![\\w$])`).test(text)

function folded(names: readonly string[]): string {
  return names.reduce((text, name) => {
    const last = text.slice(text.lastIndexOf('\n') + 1)
    return `${text},${last.length + name.length > 110 ? '\n ' : ''} ${name}`
  })
}
