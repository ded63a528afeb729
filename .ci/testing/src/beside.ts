// A program that stands beside a test, in namespaces of its own, for as long as the test looks at it.
//
//   await beside([net({ mode: 'none' })], waiting('true'), async (pid) => …)
import { closeSync } from 'node:fs'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { command, foreground, pipe, plan, spawn, type Isolation } from '@pocker/syscalls'

/** A script that says when it is ready, and then waits. */
export const waiting = (script: string): string[] => ['sh', '-c', `${script}; echo ready; read line`]

/** Starts a program that prints a line when it is ready, gives its number and what it printed to `body`, and ends it. */
export async function beside<T>(
  isolations: readonly Isolation[], argv: readonly string[], body: (pid: number, said: string) => Promise<T> | T,
): Promise<T> {
  const [input, output] = [pipe(), pipe()]
  const child = spawn(plan([foreground(), ...isolations, command({ argv, stdio: [input.reader, output.writer, 2] })]))
  for (const fd of [input.reader, output.writer]) closeSync(fd)
  const reader = new Socket({ fd: output.reader, writable: false }).setEncoding('utf8')
  try {
    const [said] = await once(reader, 'data') as [string]
    return await body(child.pid, said)
  } finally {
    child.kill('SIGKILL')
    await child.wait()
    reader.destroy()
    closeSync(input.writer)
  }
}
