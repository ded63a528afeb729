// npm run bench -- NAME: measures, side by side with a peer in the same run. Benchmarks live in */bench/NAME.ts.
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const found = ['chapters', 'exercises', '.'].flatMap((dir) => readdirSync(dir)
  .flatMap((name) => files(join(dir, name, 'bench'))))
const [wanted] = process.argv.slice(2)
const file = found.find((path) => basename(path, '.ts') === wanted)
if (file) {
  process.argv.splice(2, 1)
  await import(pathToFileURL(file).href)
} else {
  console.error(`bench: expected one of ${found.map((path) => basename(path, '.ts')).join(', ')}, got ${wanted ?? 'nothing'}`)
  process.exitCode = 1
}

function files(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => name.endsWith('.ts')).map((name) => join(dir, name))
  } catch {
    return []
  }
}
