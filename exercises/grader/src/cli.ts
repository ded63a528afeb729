// The command `grade`, for whoever teaches. What students type is `course`.
//
//   grade DIR [--only NN[/name]] [--format NAME] [--output FILE]      one submission
//   grade --all DIR --out DIR [--jobs N] [--shard i/n]                a class, or a part of it
//   grade merge DIR... --out DIR                                      the parts put together
//   grade class OUT · grade similar DIR · grade regrade DIR --out OUT
//   grade doctor                                                      what this machine can do
//
// Exit code: 0 if all was judged, whatever the points; 1 if something could not be; 2 if the command line is wrong.
import { appendFileSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, resolve } from 'node:path'
import { Command, Option } from 'commander'
import colors from 'picocolors'
import { SpecError } from '@pocker/syscalls'
import { merge, publish, results, writeWhole } from './book.ts'
import { classView } from './class.ts'
import { diagnosis, examine, type Finding } from './doctor.ts'
import { exercises, select } from './exercises.ts'
import { FORMATS, type Format } from './formats/formats.ts'
import { markdown } from './formats/markdown.ts'
import { gradeFolder, type Course } from './one.ts'
import { changes } from './regrade.ts'
import { isFaulty, type Result } from './result.ts'
import { mustBeFolder, run, share, submissions, type Progress } from './run.ts'
import { similar } from './similar.ts'
import { exercisesVersion, graderVersion } from './versions.ts'
import { worker } from './worker.ts'

const USAGE = 2
const SECONDS = '10'

interface Options {
  readonly all?: string
  readonly out?: string
  readonly jobs?: string
  readonly only?: string
  readonly shard?: string
  readonly format?: Format
  readonly output?: string
  readonly seconds: string
  readonly dryRun?: true
  readonly unboxed?: true
}

const only = (): Option => new Option('--only <exercise>', 'a chapter or an exercise, such as 02 or 02/names')
const seconds = (): Option => new Option('--seconds <number>', 'for one call of an answer').default(SECONDS)
const jobs = (): Option => new Option('--jobs <number>', 'submissions at a time (default: one for each processor)')

const program = new Command('grade').description('Grades what students handed in').enablePositionalOptions()
  .argument('[dir]', 'one submission: a folder with exercises/NN-topic/NAME.ts, NN-topic/NAME.ts or NAME.ts')
  .option('--all <dir>', 'each folder in it is a submission')
  .option('--out <dir>', 'where the results of --all are written')
  .option('--shard <i/n>', 'only this part of --all; see merge')
  .addOption(new Option('--format <name>', 'of one submission').choices(Object.keys(FORMATS)))
  .option('--output <file>', 'instead of standard output')
  .option('--unboxed', 'of one submission: compute its plans even where no box can be made; it must have a machine of its own')
  .addOption(jobs()).addOption(only()).addOption(seconds())
  .action((dir: string | undefined, options: Options) => main(() => (options.all === undefined ? one(dir, options) : all(options))))

program.command('merge').description('the results of all shards in one folder, with one gradebook')
  .argument('<dir...>').requiredOption('--out <dir>')
  .action((dirs: string[], { out }: { out: string }) => main(() => {
    const { rows } = merge(dirs, out)
    console.log(`${rows.length} submissions in ${out}/gradebook.csv`)
    return judged(results(out))
  }))
program.command('class').description('how the class did: which check fails most, and how the points lie')
  .argument('<out>', 'what --out has written').option('--json', 'as data')
  .action((out: string, { json }: { json?: true }) => main(() => {
    const view = classView(results(out))
    console.log(json ? JSON.stringify(view.data, null, 2) : view.lines.map(printable).join('\n'))
    return 0
  }))
program.command('regrade').description('grade a class again, and tell what changes')
  .argument('<dir>', 'the submissions').requiredOption('--out <dir>', 'their results so far')
  .option('--dry-run', 'keep the results so far').addOption(jobs()).addOption(only()).addOption(seconds())
  .action((dir: string, options: Options) => main(() => regrade(dir, options)))
program.command('similar').description('submissions that are alike; the starters do not count')
  .argument('<dir>', 'the submissions').option('--least <percent>', 'overlap that is shown', '80')
  .option('--json', 'as data').addOption(only())
  .action((dir: string, { least, json, only: wanted }: { least: string; json?: true; only?: string }) => main(async () => {
    const pairs = similar(submissions(dir), select(await exercises(), wanted), number('--least', least) / 100)
    if (json) console.log(JSON.stringify(pairs, null, 2))
    else for (const { exercise, a, b, overlap } of pairs) {
      console.log(printable(`${percent(overlap).padStart(5)}  ${exercise}  ${a}  ${b}`))
    }
    return 0
  }))
program.command('doctor').description('what this machine can do, and what to do about the rest').option('--json', 'as data')
  .action(({ json }: { json?: true }) => main(async () => {
    const findings = await examine()
    console.log(json ? JSON.stringify(findings, null, 2) : diagnosis(findings, (state) => SIGNS[state]).join('\n'))
    return findings.some(({ state }) => state === 'no') ? 1 : 0
  }))
program.command('worker', { hidden: true }).addOption(only()).addOption(seconds())
  .action((options: Options) => main(async () => worker(await course(options), number('--seconds', options.seconds))))

const SIGNS: Readonly<Record<Finding['state'], string>> =
  { ok: colors.green('✓'), less: colors.yellow('~'), no: colors.red('✗') }

await program.parseAsync()

async function main(body: () => number | Promise<number>): Promise<void> {
  try {
    process.exitCode = await body()
  } catch (error) {
    if (!(error instanceof SpecError)) throw error
    console.error(`grade: ${error.message}`)
    process.exitCode = USAGE
  }
}

async function course({ only: wanted }: Pick<Options, 'only'>): Promise<Course> {
  const chosen = select(await exercises(), wanted)
  return { exercises: chosen, versions: { exercises: exercisesVersion(chosen), grader: graderVersion() } }
}

async function one(dir: string | undefined, options: Options): Promise<number> {
  if (dir === undefined) throw new SpecError('expected a folder, or --all with a folder of folders; see grade --help')
  mustBeFolder(dir, 'expected the folder of a submission')
  const result = await gradeFolder({ name: basename(resolve(dir)), folder: dir }, await course(options),
    { ...limits(options), ...(options.unboxed && { unboxed: true }) })
  const text = FORMATS[options.format ?? 'text'](result)
  if (options.output === undefined) process.stdout.write(text)
  else writeWhole(options.output, text)
  const { GITHUB_STEP_SUMMARY: summary } = process.env
  if (options.format === 'github' && summary) appendFileSync(summary, markdown(result))
  return judged([result])
}

async function all(options: Options): Promise<number> {
  const { all: dir = '', out, shard } = options
  if (out === undefined) throw new SpecError('--out: expected a folder for the results, got none')
  const found = submissions(dir)
  const others = readdirSync(dir).filter((name) => !name.startsWith('.') && !found.some((one) => one.name === name))
  if (others.length > 0) console.error(`passed over, since no folder: ${others.map(printable).join(', ')}`)
  const done = await graded(shard === undefined ? found : share(found, shard), options, out)
  if (!done) return 130
  publish(out)
  console.error(`${done.length} submissions, in ${out}/gradebook.csv`)
  return judged(done)
}

async function regrade(dir: string, options: Options): Promise<number> {
  const out = options.out ?? ''
  const before = results(out)
  const again = options.dryRun ? `${out}.again` : out
  const done = await graded(submissions(dir), options, again, true)
  if (!done) return 130
  for (const line of changes(before, done)) console.log(printable(line))
  publish(again)
  return judged(done)
}

/** @returns nothing if it was interrupted; what is there by then is found by the next run */
async function graded(
  found: ReturnType<typeof submissions>, options: Options, out: string, force = false,
): Promise<Result[] | undefined> {
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort())
  const done = await run(found, await course(options), {
    out, force, jobs: number('--jobs', options.jobs ?? String(availableParallelism())), ...limits(options),
    ...(options.only !== undefined && { only: options.only }), signal: stopped.signal, onResult: progress(),
  })
  return stopped.signal.aborted ? undefined : done
}

/** One line that changes, where somebody looks; one for each submission otherwise. */
function progress(): (result: Result, progress: Progress) => void {
  const began = performance.now()
  let fresh = 0
  return ({ name, report: { earned, points, unjudged }, fault }, { done, of, reused }) => {
    if (!reused) fresh++
    const sum = fault ?? `${earned} of ${points}${unjudged ? `, ${unjudged} not judged` : ''}`
    if (!process.stderr.isTTY) {
      console.error(`${done}/${of}  ${printable(name)}  ${sum}${reused ? '  (as before)' : ''}`)
      return
    }
    const left = fresh ? Math.round((performance.now() - began) / fresh * (of - done) / 1000) : 0
    const bar = '#'.repeat(Math.round(done / of * 30)).padEnd(30)
    process.stderr.write(`\r\x1b[K[${bar}] ${done}/${of}  ${left} s left  ${printable(name)}  ${sum}${done === of ? '\n' : ''}`)
  }
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`
}

/** A folder's name is a student's: it may hold what steers a terminal. */
function printable(name: string): string {
  return name.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '?')
}

function limits({ seconds: text }: Options): { seconds: number } {
  return { seconds: number('--seconds', text) }
}

function judged(found: readonly Result[]): number {
  return found.some((result) => isFaulty(result) || result.report.unjudged > 0) ? 1 : 0
}

/** @throws {SpecError} */
function number(flag: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new SpecError(`${flag}: expected a number above 0, got ${text}`)
  return value
}
