// From the words of `pocker run` to a plan. The flags are declared once, for run, explain and step.
//
//   containerCommand('run')                     → a commander command with docker's flags
//   toPlan('busybox', ['echo', 'hi'], options)  → Plan
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ipc, ipcMounts, joinedShm, parseIpcMode, parseSize } from '@pocker/ipc'
import { DEFAULT_MOUNTS, mounts, parseMount, parseTmpfs, parseVolume, type Mount } from '@pocker/mount'
import { findInit, init, parsePidMode, pid } from '@pocker/pid'
import { command, DEFAULT_PATH, foreground, plan, SpecError, type Plan } from '@pocker/syscalls'
import { uts } from '@pocker/uts'
import { Command } from 'commander'

export interface Options {
  readonly env: readonly string[]
  readonly workdir?: string
  readonly hostname?: string
  readonly entrypoint?: string
  readonly pid?: string
  readonly init?: true
  readonly ipc?: string
  readonly shmSize?: string
  readonly volume: readonly string[]
  readonly mount: readonly string[]
  readonly tmpfs: readonly string[]
  readonly readOnly?: true
}

/** Where pocker keeps what outlives a container. */
export const pockerRoot = (): string => process.env['POCKER_ROOT'] || '/var/lib/pocker'

/** @returns a verb that takes IMAGE [COMMAND] [ARG...] and docker run's flags; parsing stops at IMAGE */
export function containerCommand(verb: string): Command {
  return new Command(verb)
    .argument('<image>', 'busybox, or the path of an unpacked root file system')
    .argument('[command...]', 'the program and its arguments')
    .option('--rm', 'remove the container when it ends')
    .option('-e, --env <name=value>', 'set an environment variable; without a value, take it from here', collect, [])
    .option('-w, --workdir <dir>', 'the working directory, made if it is missing')
    .option('-h, --hostname <name>', 'the host name, otherwise a random one')
    .option('--entrypoint <program>', 'the program; the command becomes its arguments')
    .option('-v, --volume <host:container[:options]>', 'a directory or file of the host; made if it is missing', collect, [])
    .option('--mount <key=value,...>', 'type=bind or tmpfs, source, target, readonly, bind-propagation, tmpfs-size', collect, [])
    .option('--tmpfs <dir[:options]>', 'an empty directory in memory', collect, [])
    .option('--read-only', 'nothing of the root file system can be changed')
    .option('--pid <mode>', 'process numbers: host, or container:PID to share those of a process')
    .option('--ipc <mode>', 'shared memory and queues: none, private, shareable, host, or container:PID')
    .option('--shm-size <bytes>', 'the size of /dev/shm, such as 64m')
    .option('--init', 'an init as process 1, which forwards signals and waits for orphans')
    .helpOption('--help', 'show this help')
    .passThroughOptions()
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value]

/** A root file system by name or path, and the program that runs if none is given. */
export interface Image { readonly path: string; readonly builtIn: boolean; readonly command: readonly string[] }

/** @throws {SpecError} if the name is neither a path nor an image that can be made here */
export function findImage(name: string): Image {
  if (/^\.{0,2}\//.test(name)) return { path: resolve(name), builtIn: false, command: [] }
  if (name === 'busybox' || name === 'busybox:latest') {
    return { path: join(pockerRoot(), 'rootfs/busybox'), builtIn: true, command: ['sh'] }
  }
  throw new SpecError(`image: expected busybox, or the path of an unpacked root file system such as ./rootfs, got ${name}`)
}

/** @throws {SpecError} naming the flag at fault */
export function toPlan(image: Image, words: readonly string[], options: Options): Plan {
  const { workdir, entrypoint } = options
  if (workdir !== undefined && !workdir.startsWith('/')) {
    throw new SpecError(`--workdir: expected an absolute path, got ${workdir}`)
  }
  const argv = entrypoint ? [entrypoint, ...words] : words.length > 0 ? words : image.command
  if (argv.length === 0) throw new SpecError(`command: expected a program to run, got none; add one behind ${image.path}`)
  const hostname = options.hostname ?? randomBytes(6).toString('hex')
  const shared = {
    mode: parseIpcMode(options.ipc), ...(options.shmSize !== undefined && { shmSize: parseSize(options.shmSize) }),
  }
  const [defaults, own] = [[...DEFAULT_MOUNTS, ...ipcMounts(shared)], userMounts(options)]
  const places = new Set(own.map(({ destination }) => destination)) // what the user puts there replaces ours
  const reaper = options.init && init(findInit())
  return plan([
    foreground(),
    uts({ hostname }),
    pid({ mode: parsePidMode(options.pid) }),
    ipc(shared),
    ...(reaper ? [reaper.held] : []),
    mounts({
      root: { path: image.path, ...(options.readOnly && { readonly: true }) },
      mounts: [...defaults.filter(({ destination }) => !places.has(destination)), ...own],
    }),
    ...(places.has('/dev/shm') ? [] : [joinedShm(shared)]),
    command({
      argv, env: environment(options.env, hostname),
      ...(workdir !== undefined && { cwd: workdir }), ...(reaper && { execute: reaper.execute }),
    }),
  ])
}

/** The mounts that the flags ask for, outer places before those within them. */
function userMounts({ volume, mount, tmpfs }: Options): Mount[] {
  const depth = ({ destination }: Mount): number => destination.split('/').filter(Boolean).length
  return [...volume.map(parseVolume), ...mount.map(parseMount), ...tmpfs.map(parseTmpfs)]
    .map((entry) => (isFile(entry.source) ? { ...entry, file: true } : entry))
    .toSorted((a, b) => depth(a) - depth(b))
}

/** The place of a file has to be a file too. A source that is missing is told when the container starts. */
const isFile = (source = ''): boolean =>
  source.startsWith('/') && statSync(source, { throwIfNoEntry: false })?.isDirectory() === false

/**
 * What must be there before the container starts: -v makes a missing directory of the host, as Docker does.
 * @throws {SpecError} if the source of a --mount is missing
 */
export function prepareSources({ volume, mount }: Options): void {
  for (const { source = '' } of mount.map(parseMount)) {
    if (source.startsWith('/') && !existsSync(source)) {
      throw new SpecError(`--mount: expected a source that exists, got ${source}; make it, or use -v, which does`)
    }
  }
  for (const { source = '' } of volume.map(parseVolume)) mkdirUnlessThere(source)
}

function mkdirUnlessThere(path: string): void {
  if (!existsSync(path)) mkdirSync(path, { recursive: true })
}

/** What Docker sets, then the user's own; the last one of a name counts. */
function environment(given: readonly string[], hostname: string): string[] {
  const all = new Map([['PATH', DEFAULT_PATH], ['HOSTNAME', hostname], ['HOME', '/root']])
  for (const entry of given) {
    const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(entry) ?? []
    if (!name) throw new SpecError(`--env: expected NAME=value, got ${JSON.stringify(entry)}`)
    const found = value ?? process.env[name]
    if (found !== undefined) all.set(name, found)
  }
  return Array.from(all, ([name, value]) => `${name}=${value}`)
}
