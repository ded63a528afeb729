// The command `course`. Everything is loaded when it is asked for: a word of help must not wait for the grader.
//
//   course                          the next exercise, graded when it is saved: watch/
//   course check|list|hint|reset|diff|seed    check.ts, student.ts
//   course doctor|clean|vm          the machine: doctor.ts, clean.ts, vm.ts
//   course live|export              for lecturers: live/, export/
//   course sync|lessons             what keeps the lessons true: lessons.ts
import { Command, InvalidArgumentError } from 'commander'
import type { CheckOptions } from './check.ts'
import type { ExportOptions } from './export/export.ts'
import type { SeedOptions } from './student.ts'

const CHAPTERS = ['[chapters...]', 'numbers such as 02; all without any'] as const
const EXERCISE = ['<exercise>', 'such as 02/names'] as const

type Body = () => Promise<number> | number

/** What goes wrong because of what was typed, or of what the machine has, is told in one line. */
async function run(body: Body): Promise<void> {
  const { main, SpecError } = await import('@pocker/syscalls')
  await main('course', async () => {
    try {
      return await body()
    } catch (error) {
      const { syscall, message } = error as NodeJS.ErrnoException
      throw syscall === undefined ? error : new SpecError(message, { cause: error }) // a file is not there, the disk is full
    }
  })
}

const program = new Command('course')
  .description('The course: shows the next exercise, and grades it when you save. Without a command, in a terminal: just that.')
  .allowExcessArguments()
  .configureOutput({
    outputError: (text, put) => put(`${text.trim().replace(/^error: /, 'course: ')}; npx course --help lists them all\n`),
  })
  .action((_: unknown, command: Command) => run(async () => {
    const [unknown] = command.args
    if (unknown !== undefined) command.error(`course: expected a command, got ${unknown}`)
    const [{ isTerminal }, { courseRoot }] = await Promise.all([import('./watch/terminal.ts'), import('./work.ts')])
    if (isTerminal()) return (await import('./watch/watch.ts')).watchCourse(courseRoot())
    console.log('course: this is no terminal. Type one of these instead:\n  npx course list            the exercises\n'
      + '  npx course check 02/names  grade one of them\n  npx course hint 02/names   a hint')
    return 0
  }))

program.command('check').description('grade your answers')
  .argument('[exercise]', 'a chapter or an exercise, such as 02 or 02/names')
  .option('--json', 'print the result as data')
  .option('--answers <dir>', 'where the answers are, instead of exercises/')
  .action((wanted: string | undefined, options: CheckOptions) =>
    run(async () => (await import('./check.ts')).checkAnswers(wanted, options)))
program.command('list').description('all exercises, and your points')
  .action(() => run(async () => (await import('./student.ts')).list()))
program.command('hint').description('one more hint')
  .argument('[exercise]', 'such as 02/names; the next one without it')
  .option('--step <n>', 'this hint, and not the next', whole)
  .action((wanted: string | undefined, { step }: { step?: number }) =>
    run(async () => (await import('./student.ts')).hint(wanted, step)))
program.command('reset').description('the starter again; what you wrote is kept beside it').argument(...EXERCISE)
  .action((wanted: string) => run(async () => (await import('./student.ts')).reset(wanted)))
program.command('diff').description('your answer against the solution, once you have passed').argument(...EXERCISE)
  .action((wanted: string) => run(async () => (await import('./student.ts')).diff(wanted)))
program.command('seed').description('whose random tokens the checks use')
  .argument('[word]', 'keep this seed')
  .option('--none', 'tokens that are new each time, as at first')
  .option('--student <id>', 'print the seed of a student, with --secret')
  .option('--secret <file>', 'a file that only the lecturer has')
  .action((word: string | undefined, options: SeedOptions) => run(async () => (await import('./student.ts')).seed(word, options)))

program.command('doctor').description('what this machine can do, and what to do about the rest')
  .action(() => run(async () => (await import('./doctor.ts')).doctor()))
program.command('clean').description('what a bad plan left on this machine; with --yes, removes it')
  .option('--yes', 'remove what is listed')
  .action(({ yes = false }: { yes?: boolean }) => run(async () => (await import('./clean.ts')).clean(yes)))
program.command('vm').description('open a Linux that you can break; outside, nothing changes')
  .argument('[command...]', 'what to run instead of a shell, after --')
  .action((words: string[]) => run(async () => (await import('./vm.ts')).openVm(words)))

program.command('live').description('for lecturers: from the starter to the solution, step by step').argument(...EXERCISE)
  .action((wanted: string) => run(async () => (await import('./live/live.ts')).live(wanted)))
program.command('export').description('for lecturers: the course as students or graders get it')
  .argument('[dir]', 'a new folder: a repository for students')
  .option('--solved <chapters>', 'up to this chapter, as source; the others are built (default: 00)', whole)
  .option('--gradescope <file>', 'a zip file for Gradescope instead')
  .option('--classroom50 <dir>', 'a folder for Classroom 50 instead')
  .action((dir: string | undefined, options: ExportOptions) =>
    run(async () => (await import('./export/export.ts')).exportCourse(dir, options)))

program.command('sync').description('bring the source blocks of the lessons up to date')
  .argument(...CHAPTERS)
  .option('--check', 'only report those that differ; exit code 1 if there are any')
  .action((chapters: string[], { check = false }: { check?: boolean }) =>
    run(async () => (await import('./lessons.ts')).sync(chapters, check)))
program.command('lessons').description('run the console blocks of the lessons, and compare')
  .argument(...CHAPTERS)
  .action((chapters: string[]) => run(async () => (await import('./lessons.ts')).lessons(chapters)))

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit() // course list | head
})
await program.parseAsync()

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`expected a whole number, got ${text}`)
  return Number(text)
}
