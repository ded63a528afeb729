// A bash in a container of its own that takes one command after the other, through pipes.
//
//   const shell = await openShell({ repository, needs: 'root' })
//   await shell.run('cd /tmp', 60_000)   → { output: '', status: 0 }
//   await shell.close()                  → bash was PID 1: when this returns, nothing of the container is left
//
// Invariant: a command's output is all that came before a random mark that bash writes after it; nothing polls.
// A command reads an empty standard input, sees the exit status of the one before as $?, and holds no descriptor of ours.
import { randomBytes } from 'node:crypto'
import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { command, pipe, plan, spawn, SpecError, type Child, type Exit } from '@pocker/syscalls'
import { enclosure, foreignFiles } from './enclosure.ts'
import type { Needs } from './lesson.ts'

interface Answer { readonly output: string; readonly status: number }

/** A command after which the shell cannot go on; the container is gone. `output` is what came until then. */
export class ShellEnded extends Error {
  override readonly name = 'ShellEnded'
  readonly code = 'ESHELL'
  readonly output: string

  constructor(why: string, output: string) {
    super(why)
    this.output = output
  }
}

/** No lesson shows more; `yes` would fill the memory. */
const OUTPUT_MAX = 1024 * 1024
/** After a command that died of a signal, bash would put the terminal right. */
const NO_TERMINAL = /^bash: \[\d+: \d+ \(\d+\)\] tcsetattr: .*\n/gm
/** Until bash has said that it is there. */
const START_MS = 10_000

/**
 * `-i` and `set -m` give the messages that a student sees: without a script's line numbers, with `[1] 7` and `Killed`.
 * What bash has to say about the missing terminal comes before the first mark, and is dropped. The loop itself is read
 * from standard input, where it does not fill the output of ps. Descriptor 3 brings the commands, each ended by a NUL;
 * 4 takes the marks, each between two NULs, so that not even `set` or a look at the loop's text can show one.
 */
const ARGV = ['bash', '--norc', '--noprofile', '-i', '-c', 'IFS= read -r -d "" && eval "$REPLY"']
const loop = (mark: string): string => `
set -m
unset HISTFILE REPLY
exec 3<&0 4>&1 </dev/null
_course_status=0
_course_restore() { return "$_course_status"; }
printf '\\0%s 0\\0' ${mark} >&4
while IFS= read -r -d '' -u 3 _course_command; do
  _course_restore
  eval "$_course_command" 3<&- 4>&-
  _course_status=$?
  printf '\\0%s %d\\0' ${mark} "$_course_status" >&4
done
`

/** An npx that saves a quarter of a second on each command. */
const QUICK = fileURLToPath(new URL('../bin/quick', import.meta.url))

export interface ShellOptions {
  /** An absolute path: where the shell starts. */
  readonly repository: string
  readonly needs: Needs
  /** Programs that are installed start without npm. */
  readonly isQuick?: boolean
}

/** The whole environment: a lesson must not depend on the caller's. */
const environment = (needs: Needs, isQuick: boolean): string[] => [
  `PATH=${isQuick ? `${QUICK}:` : ''}${process.env['PATH'] ?? ''}`, `HOME=${needs === 'root' ? '/root' : '/tmp'}`,
  'TERM=dumb', 'LANG=C.UTF-8', 'PS1=', 'NO_COLOR=1', 'NODE_NO_WARNINGS=1',
  'npm_config_update_notifier=false', 'npm_config_loglevel=error',
]

/**
 * @throws {SpecError} without root: the machine's own file system is the lower layer
 * @throws {StartError} if the kernel refuses the container
 */
export async function openShell({ repository, needs, isQuick = false }: ShellOptions): Promise<Shell> {
  const user = process.geteuid?.()
  if (user !== 0) throw new SpecError(`a lesson's container: expected root, got user ${user}; run it with sudo`)
  const mark = randomBytes(16).toString('hex')
  const [input, output] = [pipe(), pipe()]
  try {
    const bash = command({
      argv: ARGV,
      env: environment(needs, isQuick),
      cwd: repository,
      stdio: [input.reader, output.writer, output.writer],
    })
    const child = spawn(plan([...enclosure({ repository, needs, foreign: foreignFiles() }), bash]))
    const shell = new Shell(child, mark, input.writer, output.reader)
    await shell.run(loop(mark), START_MS)
    return shell
  } catch (error) {
    if (!(error instanceof ShellEnded)) [input.writer, output.reader].forEach((fd) => closeSync(fd))
    throw error
  } finally {
    for (const fd of [input.reader, output.writer]) closeSync(fd)
  }
}

class Shell {
  readonly #child: Child
  readonly #exit: Promise<Exit>
  /** With the NUL before and the blank after it. */
  readonly #mark: string
  readonly #input: Socket
  readonly #output: Socket
  #received = Buffer.alloc(0)
  #over = false
  #changed = (): void => {}

  constructor(child: Child, mark: string, input: number, output: number) {
    this.#child = child
    this.#exit = child.wait()
    this.#mark = `\0${mark} `
    this.#input = new Socket({ fd: input, readable: false, writable: true })
    this.#output = new Socket({ fd: output, readable: true, writable: false })
    this.#input.on('error', () => {}) // EPIPE: the end of the output tells the same
    this.#output.on('data', (data) => {
      this.#received = Buffer.concat([this.#received, data])
      this.#changed()
    })
    this.#output.on('close', () => {
      this.#over = true
      this.#changed()
    })
  }

  /**
   * @param limit in milliseconds
   * @throws {ShellEnded} if the command took too long or wrote too much (then it is killed), or ended the shell
   */
  async run(text: string, limit: number): Promise<Answer> {
    this.#input.write(`${text}\0`)
    const why = await this.#outcome(limit)
    if (why === undefined) return this.#take()
    const exit = await this.close()
    const ended = why === 'ended' ? `the shell ended (${exit.signal ?? `exit status ${exit.code}`})` : why
    throw new ShellEnded(ended, this.#received.toString())
  }

  /** Kills PID 1, and with it the container. */
  async close(): Promise<Exit> {
    this.#child.kill('SIGKILL')
    const exit = await this.#exit
    this.#input.destroy()
    this.#output.destroy()
    return exit
  }

  /** @returns undefined when the mark is there, otherwise why it will not come */
  #outcome(limit: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      const done = (why?: string): void => {
        clearTimeout(timer)
        this.#changed = () => {}
        resolve(why)
      }
      const timer = setTimeout(() => done(`no end within ${limit / 1000} s`), limit)
      this.#changed = () => {
        if (this.#complete()) done()
        else if (this.#received.length > OUTPUT_MAX) done(`more than ${OUTPUT_MAX} bytes of output`)
        else if (this.#over) done('ended')
      }
      this.#changed()
    })
  }

  /** @returns the answer before the mark, and removes both */
  #take(): Answer {
    const at = this.#received.indexOf(this.#mark)
    const end = this.#received.indexOf(0, at + this.#mark.length)
    const output = this.#received.toString('utf8', 0, at)
    const status = this.#received.toString('utf8', at + this.#mark.length, end)
    this.#received = this.#received.subarray(end + 1)
    return { output: output.replace(NO_TERMINAL, ''), status: Number(status) }
  }

  #complete(): boolean {
    const at = this.#received.indexOf(this.#mark)
    return at >= 0 && this.#received.includes(0, at + this.#mark.length)
  }
}
export type { Shell }
