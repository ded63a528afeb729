// What exercises/NN-topic/README.md says about one exercise.
//
//   statementOf(text, 'hostname')   → { title: 'type it', task: ['Write hostname(name): …'], hints: ['…', '…', '…'] }
//
// Invariant: pure.
export interface Statement {
  /** Behind the file's name in the heading. */
  readonly title: string
  /** Paragraphs, and lines of lists and of code, up to the table of points. */
  readonly task: readonly string[]
  /** In steps of growing help. */
  readonly hints: readonly string[]
}

/** @returns empty lists if the file says nothing about it */
export function statementOf(text: string, name: string): Statement {
  const section = text.split(/^(?=## )/m).find((part) => part.startsWith(`## ${name}.ts`)) ?? ''
  const [heading = '', ...lines] = section.split('\n')
  const body = lines.join('\n')
  const task = body.split(/^\||^<details>/m)[0] ?? ''
  const hints = [...body.matchAll(/<details><summary>Hint \d+<\/summary>\n([^]*?)<\/details>/g)].map(([, hint = '']) => hint)
  return {
    title: heading.replace(/^## \S+:? ?/, '').replace(/ \(\d+ points?\)$/, ''),
    task: paragraphs(task),
    hints: hints.map((hint) => paragraphs(hint).join('\n')),
  }
}

/** @returns the task in short: its first paragraphs, up to a list or a piece of code, and whether there is more */
export function inShort({ task }: Statement): { lines: readonly string[]; more: boolean } {
  const lines = task.slice(0, MOST_PARAGRAPHS)
  const end = lines.findIndex((line) => /^( {2}|[-*] |\d+\. |export |import )/.test(line))
  const shown = end > 0 ? lines.slice(0, end) : lines
  return { lines: shown, more: shown.length < task.length }
}
const MOST_PARAGRAPHS = 2

/** Lines that belong together become one; those of a list or of code stay as they are. */
function paragraphs(text: string): string[] {
  return text.trim().split(/\n{2,}/).flatMap((block) => {
    if (/^( {4}|```)/m.test(block)) return block.split('\n').filter((line) => !line.startsWith('```'))
    return block.split(/\n(?=[-*] |\d+\. )/).map((item) => item.replaceAll(/\s*\n\s*/g, ' '))
  }).filter(Boolean)
}
