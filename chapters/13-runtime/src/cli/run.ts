// create, run and exec: the verbs that make a process, in front or not.
//
//   await run(call)   → the exit code
import { existsSync, readlinkSync } from 'node:fs'
import { exitCode, forwardSignals, SpecError } from '@pocker/syscalls'
import { create, type Made } from '../lifecycle/create.ts'
import { remove } from '../lifecycle/delete.ts'
import { exec } from '../lifecycle/exec.ts'
import { startMade } from '../lifecycle/start.ts'
import type { Store } from '../lifecycle/store.ts'
import type { Birth } from '../monitor/birth.ts'
import { readProcess } from '../spec/read.ts'
import type { ProcessSpec } from '../spec/schema.ts'
import { warningsOf } from '../spec/warnings.ts'
import { contents, isSet, number, text, texts, type Values } from './flags.ts'
import { attachTerminal, terminalPair, type TerminalPair } from './terminal.ts'

/** What a verb is called with. */
export interface Call {
  readonly store: Store
  readonly values: Values
  readonly words: readonly string[]
  readonly warn: (line: string) => void
}

/** Whoever asks for a pid file is going to wait for that process himself: conmon, containerd's shim. Orphans come to them. */
export const staysFor = ({ values }: Call): boolean => text(values, 'pid-file') === undefined

/** Node's own descriptors lie behind those that it inherits, and the first of them is an epoll: nobody hands such a one on. */
function preservedOf(values: Values): number {
  const count = number(values, 'preserve-fds') ?? 0
  if (count < 0) throw new SpecError(`--preserve-fds: expected how many descriptors to hand on, got ${count}`)
  for (let fd = 3; fd < 3 + count; fd++) {
    const link = openFile(fd)
    if (link === undefined || link === 'anon_inode:[eventpoll]') {
      throw new SpecError(`--preserve-fds: expected descriptor ${fd} to be open, as ${count} are to be handed on, it is not`)
    }
  }
  return count
}

function openFile(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return undefined
  }
}

/** A terminal for what runs in front, if it wants one, and nobody said where to send it. */
class Front {
  #pair: TerminalPair | undefined
  readonly socket = (): number => (this.#pair = terminalPair()).theirs

  /** It gets our signals, and its exit code is ours. */
  async of(birth: Birth, begin: () => Promise<void> | void): Promise<number> {
    const stop = forwardSignals(() => birth.pid)
    const detach = this.#pair && attachTerminal(this.#pair.master())
    try {
      await begin()
      return exitCode(await birth.ended())
    } finally {
      stop()
      await detach?.()
    }
  }
}

export function created({ store, values, words: [id = ''], warn }: Call, monitored: boolean, front?: Front): Promise<Made> {
  const [consoleSocket, pidFile] = [text(values, 'console-socket') ?? front?.socket, text(values, 'pid-file')]
  return create(store, {
    id, bundle: text(values, 'bundle') ?? '.', monitored, warn,
    noPivot: isSet(values, 'no-pivot'), noNewKeyring: isSet(values, 'no-new-keyring'),
    preserved: preservedOf(values),
    ...(consoleSocket !== undefined && { consoleSocket }), ...(pidFile !== undefined && { pidFile }),
  })
}

export async function run(call: Call): Promise<number> {
  const { store, values, words: [id = ''], warn } = call
  const [detach, keep] = [isSet(values, 'detach'), isSet(values, 'keep')]
  const front = detach ? undefined : new Front()
  const made = await created(call, !detach || staysFor(call), front)
  const clean = async (): Promise<void> => {
    if (existsSync(store.path(id))) for (const line of await remove(store, id, { force: true })) warn(line)
  }
  try {
    if (front) return await front.of(made.birth, () => startMade(store, made))
    await startMade(store, made)
    return 0
  } catch (error) {
    await clean()
    throw error
  } finally {
    if (!detach && !keep) await clean()
  }
}

export async function execute(call: Call): Promise<number> {
  const { store, values, words: [id = ''], warn } = call
  store.read(id) // an unknown container is told before anything else
  const process = processFor(call)
  for (const line of warningsOf({ process })) warn(line)
  const detach = isSet(values, 'detach')
  const front = detach ? undefined : new Front()
  const [consoleSocket, pidFile] = [text(values, 'console-socket') ?? front?.socket, text(values, 'pid-file')]
  const birth = exec(store, {
    id, process, monitored: !detach || staysFor(call), preserved: preservedOf(values),
    ignorePaused: isSet(values, 'ignore-paused'),
    ...(consoleSocket !== undefined && { consoleSocket }), ...(pidFile !== undefined && { pidFile }),
  })
  return front ? await front.of(birth, () => {}) : 0
}

function processFor(call: Call): ProcessSpec {
  const {
    store,
    values,
    words: [id = '', ...args],
  } = call
  const file = text(values, 'process')
  if (file !== undefined) return readProcess(contents('process', file), file)
  if (args.length === 0) throw new SpecError('exec: expected a program to run, or --process FILE, got neither')
  const base = store.config(id).process
  const caps = texts(values, 'cap')
  const cwd = text(values, 'cwd')
  if (cwd !== undefined && !cwd.startsWith('/')) throw new SpecError(`--cwd: expected an absolute path, got ${JSON.stringify(cwd)}`)
  const sets = base?.capabilities ?? {}
  const withCaps = (names: readonly string[] = []): string[] => [...new Set([...names, ...caps])]
  return {
    cwd: '/',
    ...base,
    user: userFor(values, base?.user),
    args,
    ...(cwd !== undefined && { cwd }),
    terminal: isSet(values, 'tty'),
    env: [...(base?.env ?? []), ...texts(values, 'env')],
    ...(caps.length > 0 && {
      capabilities: {
        ...sets,
        bounding: withCaps(sets.bounding),
        effective: withCaps(sets.effective),
        permitted: withCaps(sets.permitted),
      },
    }),
    ...(isSet(values, 'no-new-privs') && { noNewPrivileges: true }),
  }
}

/** What is not said stays the container's: root's group comes to nobody unasked. */
function userFor(values: Values, own: ProcessSpec['user'] = { uid: 0, gid: 0 }): ProcessSpec['user'] {
  const id32 = (what: string, given: string): number => number({ [what]: given }, what) ?? 0
  const user = text(values, 'user')
  const [uid, gid] = user ? user.split(':') : []
  const gids = texts(values, 'additional-gids').map((given) => id32('additional-gids', given))
  return {
    ...own,
    ...(uid !== undefined && { uid: id32('user', uid) }),
    ...(gid !== undefined && { gid: id32('user', gid) }),
    ...(gids.length > 0 && { additionalGids: [...(own.additionalGids ?? []), ...gids] }),
  }
}
