// A terminal of 80 columns and 24 lines for a test, on a tmux server of its own; and a small course to work on.
import { spawnSync } from 'node:child_process'
import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { REPOSITORY } from '../src/chapters.ts'

export const COURSE = join(REPOSITORY, 'docs/course/bin/course.mjs')
const DEADLINE = 60_000

export interface Size { readonly columns?: number; readonly rows?: number }

export class Terminal {
  readonly #dir = mkdtempSync(join(tmpdir(), 'course-tmux-'))
  readonly #env: NodeJS.ProcessEnv

  /** @param script for a shell, which stays until it is told to go, so that the last screen can be read */
  constructor(script: string, env: NodeJS.ProcessEnv = {}, { columns = 80, rows = 24 }: Size = {}) {
    const { FORCE_COLOR: _, ...rest } = process.env // the test runner sets it
    this.#env = { ...rest, NO_COLOR: '1', ...env }
    this.tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(columns), '-y', String(rows), `${script}; echo "shell: $?"; read end`)
  }

  keys(...keys: string[]): void {
    this.tmux('send-keys', ...keys)
  }

  /** @param escapes shows colours, too */
  screen(escapes = false): string {
    return this.tmux('capture-pane', '-p', ...(escapes ? ['-e'] : [])).trimEnd()
  }

  /** @returns the screen as soon as it matches */
  async until(wanted: RegExp): Promise<string> {
    const deadline = Date.now() + DEADLINE
    for (;;) {
      const screen = this.screen()
      if (wanted.test(screen)) return screen
      if (Date.now() > deadline) assert.unreachable(`expected ${wanted} in:\n${screen}`)
      await pause(30)
    }
  }

  close(): void {
    spawnSync('tmux', ['-S', join(this.#dir, 'socket'), 'kill-server'])
    rmSync(this.#dir, { recursive: true, force: true })
  }

  tmux(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync('tmux', ['-u', '-S', join(this.#dir, 'socket'), ...args], { encoding: 'utf8', env: this.#env })
    assert.is(status, 0, stderr)
    return stdout
  }
}

export interface SmallCourse {
  readonly root: string
  /** Saves an answer, as an editor does that renames. */
  readonly save: (id: string, text: string) => void
  readonly read: (path: string) => string
  /** Makes all of it this user's. */
  readonly give: (to: { readonly uid: number; readonly gid: number }) => void
  readonly remove: () => void
}

/** A course with these exercises only, its answers the starters. */
export function smallCourse(ids: readonly string[]): SmallCourse {
  const root = mkdtempSync(join(tmpdir(), 'course-'))
  for (const link of ['chapters', 'node_modules']) symlinkSync(join(REPOSITORY, link), join(root, link))
  for (const id of ids) {
    const [chapter = '', name = ''] = id.split('/')
    const git = spawnSync('git', ['-C', REPOSITORY, 'show', `HEAD:exercises/${chapter}/${name}.ts`], { encoding: 'utf8' })
    for (const folder of [`exercises/${chapter}`, `exercises/starters/${chapter}`, `solutions/${chapter}`]) mkdirSync(join(root, folder), { recursive: true })
    const given = readdirSync(join(REPOSITORY, 'exercises', chapter), { encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !existsSync(join(REPOSITORY, 'exercises', chapter, file.replace(/\.ts$/, '.test.ts'))))
    for (const file of [...given.map((name) => `exercises/${chapter}/${name}`), `exercises/${chapter}/README.md`, `exercises/${chapter}/${name}.test.ts`, `solutions/${chapter}/hidden.test.ts`, `solutions/${chapter}/${name}.ts`]) {
      cpSync(join(REPOSITORY, file), join(root, file))
    }
    for (const folder of ['exercises', 'exercises/starters']) writeFileSync(join(root, folder, chapter, `${name}.ts`), git.stdout)
  }
  writeFileSync(join(root, 'package.json'), '{"type":"module"}\n')
  const save = (id: string, text: string): void => {
    const file = join(root, 'exercises', `${id}.ts`)
    writeFileSync(`${file}~`, text)
    spawnSync('mv', [`${file}~`, file])
  }
  const give = ({ uid, gid }: { uid: number; gid: number }): void => {
    for (const path of ['.', ...readdirSync(root, { recursive: true, encoding: 'utf8' })]) {
      if (!/^(chapters|node_modules)(\/|$)/.test(path)) chownSync(join(root, path), uid, gid)
    }
  }
  return {
    root, save, give, read: (path) => readFileSync(join(root, path), 'utf8'), remove: () => rmSync(root, { recursive: true, force: true }),
  }
}

export const solution = (id: string): string => {
  const [chapter = '', name = ''] = id.split('/')
  return readFileSync(join(REPOSITORY, 'solutions', chapter, `${name}.ts`), 'utf8')
}
