// Where the machine makes no box for an answer (no root, no user namespaces), a student's own answer still computes its
// plan, on the student's own machine: in a node of its own that may read and write nothing, with little time.
//
//   unboxed(exercise, file, root)   → the exercise; a check whose box is lacking goes on without
//
// Only `course` does this, for the answer that lies in its own folder. A stranger's answer never runs outside a box.
// Invariant: what the kernel is to be asked about is still skipped. Nothing of what comes out is believed before accept().
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { accept, bundle, Failure, Lacks, type Check, type Context, type Found } from '@pocker/grader'
import type { Json } from '@pocker/syscalls'

type Outcome = Parameters<typeof accept>[1]

const BOOT = `process.stdin.setEncoding('utf8')
let text = ''
for await (const chunk of process.stdin) text += chunk
const { code, request } = JSON.parse(text)
const { answer } = await import('data:text/javascript,' + encodeURIComponent(code))
await answer(request)`
/** Node 23.5 took it out of the experiments. */
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'
const WORDS = ['--max-old-space-size=256', '--no-warnings', PERMISSION, '--input-type=module', '-e', BOOT]
const [SECONDS, BYTES] = [10, 1024 * 1024]

export function unboxed(exercise: Found, file: string, root: string): Found {
  const { name, chapter, maps } = exercise
  const outcome = async (args: readonly Json[]): Promise<Outcome> => computed(await bundle({ file, chapter, root }), name, args)
  const without = (context: Context): Context => ({
    ...context,
    compute: (...args) => context.compute(...args).catch(lacking(async () => accept(name, await outcome(args), maps))),
    refusal: (...args) => context.refusal(...args).catch(lacking(async () => {
      const result = await outcome(args)
      if ('error' in result) return result.error
      throw new Failure(`${name}() accepted what it must refuse`, { expected: 'an error', seen: 'none' })
    })),
  })
  const all = (checks: readonly Check[]): Check[] =>
    checks.map((check) => ({ ...check, run: (context) => check.run(without(context)) }))
  return { ...exercise, checks: all(exercise.checks), hidden: all(exercise.hidden) }
}

const lacking = <T>(instead: () => Promise<T>) => (error: unknown): Promise<T> => {
  if (error instanceof Lacks) return instead()
  throw error
}

export async function computed(code: string, name: string, args: readonly Json[]): Promise<Outcome> {
  const mark = `${randomBytes(16).toString('hex')} `
  const child = spawn(process.execPath, WORDS, { stdio: ['pipe', 'pipe', 'ignore'], env: {}, cwd: '/' })
  const timer = setTimeout(() => child.kill('SIGKILL'), SECONDS * 1000)
  try {
    child.stdin.on('error', () => {}) // it may end before it has read all
    child.stdin.end(JSON.stringify({ code, request: { name, args, mark } }))
    let text = ''
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      text += chunk as string
      if (text.length > BYTES) {
        throw new Failure(`the answer printed more than ${BYTES} bytes: expected it to return data, and print nothing`)
      }
      const [, line] = new RegExp(`^${mark}(.*)\n`, 'm').exec(text) ?? []
      if (line !== undefined) return JSON.parse(line) as Outcome
    }
    throw new Failure(`${name}() did not return within ${SECONDS} s, or ended node: is there an endless loop, or a process.exit()?`)
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
  }
}
