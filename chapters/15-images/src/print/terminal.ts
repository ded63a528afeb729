// Standard output and input: what is printed, and what is asked.
//
//   print('sha256:…\n')
//   await agreed('Are you sure? [y/N] ')      await asked('Password: ', { shown: false })
//
// Invariant: whoever reads our output may stop at any time; a terminal is left as it was, and shows no secret.
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { isatty } from 'node:tty'
import type { Screen } from './progress.ts'

/** Standard error, for whoever starts a program on it: a stream would leave a pipe non-blocking, for that program too. */
export const errorScreen = (): Screen => (isatty(2) ? process.stderr : { write: (text) => writeSync(2, text) })

export function print(text: string): void {
  if (!process.stdout.listeners('error').includes(leave)) process.stdout.on('error', leave)
  process.stdout.write(text)
}

const leave = ({ code }: NodeJS.ErrnoException): void => process.exit(code === 'EPIPE' ? 0 : 1)

/** @returns whether the next line of standard input is a y */
export async function agreed(question: string): Promise<boolean> {
  print(question)
  const lines = createInterface({ input: process.stdin })
  try {
    for await (const line of lines) return /^y$/i.test(line.trim())
    return false
  } finally {
    lines.close()
  }
}

/** A line from the terminal. Ctrl-C ends the program. @returns '' if there is none */
export async function asked(question: string, { shown }: { readonly shown: boolean }): Promise<string> {
  const output = new Writable({
    write: (chunk: Buffer, _, done) => {
      if (shown) process.stdout.write(chunk)
      done()
    },
  })
  const lines = createInterface({ input: process.stdin, output, terminal: true }) // from here on nothing is echoed
  try {
    print(question)
    return await new Promise((resolve) => {
      lines.once('SIGINT', () => {
        lines.close()
        process.exit(130)
      })
      lines.once('close', () => resolve(''))
      lines.once('line', resolve)
    })
  } finally {
    lines.close()
    if (!shown) print('\n')
  }
}
