// A class for the tests: folders of submissions, and the command that grades them.
import { spawn, type ChildProcess } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exercisesVersion, graderVersion, ROOT, select, type Course } from '@pocker/grader'
import { all } from './fixtures.ts'

export const RIGHT = `import { CLONE_NEWUTS, sethostname } from '@pocker/syscalls'
export const hostname = (name: string) => ({ name: 'hostname', flags: CLONE_NEWUTS, child: [sethostname(name)] })\n`
/** Two of four points. */
export const HALF = RIGHT.replace('CLONE_NEWUTS,', '').replace('flags: CLONE_NEWUTS', 'flags: 0n')

/** A folder that is gone when the body is over. */
export async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'pocker-class-'))
  try {
    return await body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param files by path */
export function fill(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

export const course = (only: string): Course => {
  const exercises = select(all, only)
  return { exercises, versions: { exercises: exercisesVersion(exercises), grader: graderVersion() } }
}

/** A chapter's answers as a student has them. */
export const copyAnswers = (from: string, chapter: string, to: string): void =>
  cpSync(join(ROOT, from, chapter), join(to, 'exercises', chapter), {
    recursive: true, filter: (path) => !/\/wrong$|\.test\.ts$/.test(path),
  })

const COMMAND = fileURLToPath(new URL('../bin/grade.mjs', import.meta.url))

export function start(...words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [COMMAND, ...words], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } })
}

export async function command(...words: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = start(...words)
  let [out, err] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text: string) => { out += text })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { err += text })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, out, err }
}
