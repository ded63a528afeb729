// A container from beginning to end, with its output as text: for tests, exercises and small programs.
//
//   await run([uts({ hostname: 'box' })], ['hostname'])   → { code: 0, signal: null, stdout: 'box\n', stderr: '' }
import { openSync, closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { command, type Command } from '../data/command.ts'
import { plan, type Isolation } from '../data/isolation.ts'
import { Pipe } from './pipe.ts'
import { spawn } from './spawn.ts'
import type { Exit } from './wait.ts'

export interface Finished extends Exit { readonly stdout: string; readonly stderr: string }

/**
 * Runs a program under the isolations, its standard input empty.
 * @throws {StartError} if it could not be started
 */
export async function run(
  isolations: readonly Isolation[], argv: readonly string[], options: Omit<Command, 'argv' | 'stdio'> = {},
): Promise<Finished> {
  const stdin = openSync('/dev/null', 'r')
  const [out, err] = [new Pipe(), new Pipe()]
  try {
    const child = spawn(plan([...isolations, command({ argv, ...options, stdio: [stdin, out.writer, err.writer] })]))
    out.close(out.writer)
    err.close(err.writer)
    const [stdout, stderr] = [out, err].map((pipe) => text(new Socket({ fd: pipe.handOver(), readable: true, writable: false })))
    const exit = await child.wait()
    return { ...exit, stdout: await stdout as string, stderr: await stderr as string }
  } finally {
    out.close()
    err.close()
    closeSync(stdin)
  }
}
