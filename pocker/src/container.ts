// From the words of `pocker run` to a plan.
//
//   container(image, ['echo', 'hi'], options)   → { plan, prepare, after }
//
// Invariant: making a plan changes nothing; what must be there before it runs is made by prepare().
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import type { Owner } from '@pocker/chroot'
import { ipc, ipcMounts, joinedShm, parseIpcMode, parseSize } from '@pocker/ipc'
import { DEFAULT_MOUNTS, mounts, parseMount, parseOptions, parseTmpfs, parseVolume, type Mount } from '@pocker/mount'
import { net, parseNetwork } from '@pocker/net'
import { findInit, init, parsePidMode, pid } from '@pocker/pid'
import {
  because, command, DEFAULT_PATH, dieWithParent, foreground, MS_SHARED, MS_SLAVE, plan, SpecError, workingDirectory,
  type Isolation, type Json, type Plan,
} from '@pocker/syscalls'
import { checkOffsets, clocks, parseOffset, time } from '@pocker/time'
import { borrow, choose, parseIdMap, parseUserns, surroundings, user, type Choice, type UserSpec } from '@pocker/user'
import { uts } from '@pocker/uts'
import { say } from './errors.ts'
import type { Options } from './flags.ts'
import { lend, type Image } from './image.ts'
import { limits } from './limits.ts'
import { privileges, type Privileges } from './privileges.ts'

export interface Container {
  readonly plan: Plan
  /** Makes the group that its own is made in. */
  readonly prepare: () => void
  /** Takes back what the plan does not, whether it started or not. */
  readonly after: () => Promise<void>
}

/** As Docker's, twelve hexadecimal digits. */
export const newId = (): string => randomBytes(6).toString('hex')

/** What `pocker run` starts: its root file system is there, and so are the directories of -v. @throws {SpecError} */
export async function prepared(name: string, words: readonly string[], options: Options): Promise<Container> {
  const { lacking, spec } = chooseUsers(options)
  if (lacking) say(`only one user exists inside, root: ${lacking.found}; try: ${lacking.remedy}`)
  const id = newId()
  const { image, release } = await lend(name, id, ownerOf(spec))
  try {
    const made = container(image, words, options, id)
    prepareSources(options)
    made.prepare()
    return { ...made, after: () => made.after().finally(release) }
  } catch (error) {
    await release()
    throw error
  }
}

/**
 * The same as data: nothing is made.
 * @param id names the host, if nobody else does, and the cgroup
 * @throws {SpecError} naming the flag at fault
 */
export function container(image: Image, words: readonly string[], options: Options, id: string): Container {
  const users = chooseUsers(options).spec
  const allowed = privileges(options, { image, groupsDenied: users?.writtenBy === 'owner' })
  const limited = limits(options, { id, userNamespace: users !== undefined, deviceRules: allowed.deviceRules })
  return {
    plan: plan([foreground(), ...limited.isolations, ...isolations(image, words, options, { id, users, allowed })]),
    prepare: limited.prepare,
    after: limited.after,
  }
}

export function chooseUsers({ userns, uidmap, gidmap }: Options): Choice {
  const maps = (flag: string, texts: readonly string[]) => texts.map((text) => parseIdMap(flag, text))
  return choose({
    ...(userns !== undefined && { mode: parseUserns(userns) }),
    ...(uidmap.length > 0 && { uidMappings: maps('--uidmap', uidmap) }),
    ...(gidmap.length > 0 && { gidMappings: maps('--gidmap', gidmap) }),
  }, surroundings())
}

/** An ordinary user's files are root's inside as they are; root's are not, and have to be given away. */
export function ownerOf(spec: UserSpec | undefined): Owner | undefined {
  if (spec?.writtenBy !== 'root') return undefined
  const root = (map: UserSpec['uidMappings']): number => map.find(({ containerID }) => containerID === 0)?.hostID ?? 0
  return { uid: root(spec.uidMappings), gid: root(spec.gidMappings) }
}

/** What stands for a part of the container instead of ours: the answer to an exercise, called with these arguments. */
export type Answered = (exercise: string, ...args: readonly Json[]) => Isolation | undefined

export interface Who {
  readonly id: string
  readonly users: UserSpec | undefined
  readonly allowed: Privileges
  /** Within a user namespace that was there before. */
  readonly within?: true
  readonly answered?: Answered
}

/** All that makes it, but its group. */
export function isolations(image: Image, words: readonly string[], options: Options, who: Who): Isolation[] {
  const { id, users, allowed, within = false, answered = () => undefined } = who
  const { privileged } = options
  const { config, root } = image
  const workdir = options.workdir ?? config.WorkingDir
  if (workdir && !workdir.startsWith('/')) {
    throw new SpecError(`--workdir: expected an absolute path, got ${workdir}`)
  }
  const argv = program(config, options.entrypoint, words)
  if (argv.length === 0) throw new SpecError('command: expected a program to run, got none; add one behind the image')
  const modes = { pid: parsePidMode(options.pid), ipc: parseIpcMode(options.ipc), network: parseNetwork(options.network) }
  if (process.geteuid?.() !== 0) refuseWithoutRoot(modes, options)
  if (users && typeof modes.pid === 'object') {
    throw new SpecError(`--pid: expected no user namespace beside it, which could mount no /proc, got --pid ${options.pid}`)
  }
  const shared = { mode: modes.ipc, ...(options.shmSize !== undefined && { shmSize: parseSize(options.shmSize) }) }
  const defaults = [...(privileged ? DEFAULT_MOUNTS.map(writable) : DEFAULT_MOUNTS), ...ipcMounts(shared)]
  const given = outerFirst([...allowed.mounts, ...userMounts(options)])
  const places = new Set(given.map(({ destination }) => destination)) // what the user puts there replaces ours
  const replaced = (place: string): boolean => places.has(place) || (places.has('/dev') && place.startsWith('/dev/'))
  const list = [...defaults.filter(({ destination }) => !replaced(destination)), ...given]
  const follows = given.some(({ options: words = [] }) => FOLLOWING.has(parseOptions(words).propagation))
  const reaper = options.init && modes.pid === 'private' && init(findInit()) // elsewhere there is one, and orphans are not ours
  const hostname = options.hostname || id // none is what Docker takes an empty one for
  const offsets = timeOffsets(options)
  const own = { pid: isOwn(modes.pid), net: isOwn(modes.network), ipc: isOwn(modes.ipc) }
  const pivot = answered('04-mount/pivot', root.path)
  return [
    ...(users ? [user(users)] : []), // behind the groups: those are the host's root's to enter
    answeredTime(offsets, answered) ?? time({ offsets }),
    (options.uts === undefined ? answered('02-uts/names', { hostname }) : undefined) ?? names(options, hostname),
    (modes.pid === 'private' ? answered('03-pid/processes') : undefined) ?? pid({ mode: modes.pid }),
    (modes.ipc === 'private' || modes.ipc === 'host' ? answered('05-ipc/separate', modes.ipc) : undefined) ?? ipc(shared),
    (typeof modes.network === 'string' ? answered('07-net/network', modes.network) : undefined)
      ?? net({ mode: modes.network, ...(users && { enteredBy: 'between' }) }),
    ...(reaper ? [reaper.held] : []),
    mounts({
      root: { ...root, ...(options.readOnly && { readonly: true }) },
      ...(follows && { rootfsPropagation: 'rslave' }),
      ...(privileged && { maskedPaths: [], readonlyPaths: [] }),
      ...(users || within ? borrow(list, own) : { mounts: list }),
      ...(pivot && { change: 'left' }),
    }),
    ...(pivot ? [pivot] : []),
    ...(places.has('/dev/shm') ? [] : [joinedShm(shared)]),
    // Root's, whoever the program runs as: he may have no right to make it.
    ...(workdir ? [{ name: 'workdir', child: workingDirectory(workdir) }] : []),
    ...allowed.isolations,
    { name: 'foreground', child: [because('a change of user forgets it', dieWithParent())] },
    command({
      argv, env: environment([...config.Env ?? [], ...options.env], { hostname, home: allowed.resolved.home }),
      ...(reaper && { execute: reaper.execute }),
    }),
  ]
}

/** As Docker has it: an entrypoint of the user's own leaves out the image's words, too; an empty one stands for none. */
function program({ Entrypoint = [], Cmd = [] }: Image['config'], own: string | undefined, words: readonly string[]): string[] {
  if (own !== undefined) return own === '' ? [...words] : [own, ...words]
  return [...Entrypoint, ...(words.length > 0 ? words : Cmd)]
}

/** The exercise has whole seconds of one clock. */
function answeredTime({ boottime, monotonic }: ReturnType<typeof timeOffsets>, answered: Answered): Isolation | undefined {
  return boottime && !monotonic && boottime.nanosecs === 0 ? answered('08-time/shifted', boottime.secs) : undefined
}

/** Of a privileged container. */
const writable = (mount: Mount): Mount => ({ ...mount, options: mount.options?.filter((word) => word !== 'ro') ?? [] })

const isOwn = (mode: Modes[keyof Modes]): boolean | 'other' => (typeof mode === 'string' ? mode !== 'host' : 'other')

/** Docker refuses a name in the host's own namespace: it would rename the machine. */
function names({ uts: mode, hostname: given }: Options, hostname: string): Isolation {
  if (mode === undefined) return uts({ hostname })
  if (mode !== 'host') throw new SpecError(`--uts: expected host, got ${JSON.stringify(mode)}`)
  if (given !== undefined) throw new SpecError('--hostname: expected a UTS namespace to set it in, got --uts host')
  return { name: 'uts' }
}

function timeOffsets({ boottime, monotonic }: Options): Parameters<typeof time>[0]['offsets'] {
  const offsets = {
    ...(boottime !== undefined && { boottime: parseOffset('--boottime', boottime) }),
    ...(monotonic !== undefined && { monotonic: parseOffset('--monotonic', monotonic) }),
  }
  checkOffsets(offsets, clocks(readFileSync('/proc/uptime', 'utf8')))
  return offsets
}

interface Modes {
  readonly pid: ReturnType<typeof parsePidMode>
  readonly ipc: ReturnType<typeof parseIpcMode>
  readonly network: ReturnType<typeof parseNetwork>
}

/** What the kernel would refuse an ordinary user with nothing but EPERM. */
function refuseWithoutRoot(modes: Modes, { boottime, monotonic }: Options): void {
  const joins = Object.entries(modes).find(([, mode]) => typeof mode === 'object')?.[0]
  if (joins) throw new SpecError(`--${joins}: expected root to join a container, got an ordinary user`)
  const clock = boottime !== undefined ? 'boottime' : monotonic !== undefined ? 'monotonic' : undefined
  if (clock) throw new SpecError(`--${clock}: expected root to shift a clock, got an ordinary user`)
}

/** A copy made among private mounts is cut off from the host's, whatever it is made afterwards. */
const FOLLOWING = new Set([MS_SLAVE, MS_SHARED])

/** The mounts that the flags ask for. */
const userMounts = ({ volume, mount, tmpfs }: Options): Mount[] =>
  [...volume.map(parseVolume), ...mount.map(parseMount), ...tmpfs.map(parseTmpfs)]
    .map((entry) => (isFile(entry.source) ? { ...entry, file: true } : entry))

/** Places before those within them. */
function outerFirst(list: readonly Mount[]): Mount[] {
  const depth = ({ destination }: Mount): number => destination.split('/').filter(Boolean).length
  return list.toSorted((a, b) => depth(a) - depth(b))
}

/** The place of a file has to be a file too. A source that is missing is told when the container starts. */
const isFile = (source = ''): boolean =>
  source.startsWith('/') && statSync(source, { throwIfNoEntry: false })?.isDirectory() === false

/**
 * -v makes a missing directory of the host, as Docker does.
 * @throws {SpecError} if the source of a --mount is missing
 */
function prepareSources({ volume, mount }: Options): void {
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
function environment(given: readonly string[], { hostname, home }: { hostname: string; home: string }): string[] {
  const all = new Map([['PATH', DEFAULT_PATH], ['HOSTNAME', hostname], ['HOME', home]])
  for (const entry of given) {
    const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(entry) ?? []
    if (!name) throw new SpecError(`--env: expected NAME=value, got ${JSON.stringify(entry)}`)
    const found = value ?? process.env[name]
    if (found !== undefined) all.set(name, found)
  }
  return Array.from(all, ([name, value]) => `${name}=${value}`)
}
