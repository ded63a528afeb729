// The flags of `docker run` that say what the program may do: who it is, its capabilities, its limits, its filter, its devices.
//
//   privileges(options, { image, groupsDenied: false })   → { resolved, before, behind, devices, … }
//
// Invariant: everything is denied that was not asked for, by Docker's defaults or by name.
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { release } from 'node:os'
import { join, relative } from 'node:path'
import { DEFAULT_DEVICES, type DeviceRule } from '@pocker/cgroup'
import type { Mount } from '@pocker/mount'
import {
  boundingSet, capabilities, DEFAULT_PROFILE, identity, parseJson, parseProfile, parseUlimit, resolve, resolveUser,
  rlimits, same, seccomp, unknownSyscalls, type Resolved, type Seccomp,
} from '@pocker/privileges'
import { machine, noNewPrivileges, SpecError, type Isolation } from '@pocker/syscalls'
import { say } from './errors.ts'
import type { Answered } from './container.ts'
import type { Options } from './flags.ts'
import type { Image } from './image.ts'

export interface Privileges {
  readonly resolved: Resolved
  /** Behind the mounts, before the command. */
  readonly isolations: readonly Isolation[]
  readonly mounts: readonly Mount[]
  readonly deviceRules: readonly DeviceRule[]
}

/**
 * @param place.groupsDenied whether setgroups is
 * @param answered what stands for a part of it
 * @throws {SpecError} naming the flag at fault
 */
export function privileges(
  options: Options, place: { image: Pick<Image, 'accounts' | 'config'>; groupsDenied: boolean },
  answered: Answered = () => undefined,
): Privileges {
  const { user, groupAdd, capAdd, capDrop, privileged = false, ulimit } = options
  if (place.groupsDenied && groupAdd.length > 0) {
    throw new SpecError(`--group-add: expected ids from /etc/subgid, without which there is no further group, got ${groupAdd[0]}`)
  }
  const resolved = resolveUser(user || place.image.config.User || '', place.image.accounts(), groupAdd)
  const held = boundingSet(readFileSync('/proc/self/status', 'utf8'))
  const kept = resolve({ add: capAdd, drop: capDrop, privileged }, held)
  const security = parseSecurity(options.securityOpt)
  const filter = filterOf(security.seccomp, kept, privileged)
  const { bounded, set } = capabilities(same(kept))
  const filtered = filter ? [seccomp({ profile: filter, noNewPrivileges: security.noNewPrivileges })] : []
  const devices = privileged ? allDevices() : options.device.flatMap(parseDevice)
  return {
    resolved,
    isolations: [
      rlimits(ulimit.map(parseUlimit)),
      // Without CAP_SYS_ADMIN a filter takes no_new_privs; where that is not wanted, it comes while there still is one.
      ...(security.noNewPrivileges ? [] : filtered),
      ...become(),
      ...(security.noNewPrivileges ? (filter ? filtered : [{ name: 'seccomp', child: [noNewPrivileges()] }]) : []),
    ],
    mounts: devices.map(({ source, destination }) => ({ type: 'bind', source, destination, options: ['bind'], file: true })),
    deviceRules: privileged ? [{ allow: true }] : [...DEFAULT_DEVICES, ...devices.map(ruleOf)],
  }

  /** Who it is, and what he may. */
  function become(): Isolation[] {
    const { uid, gid, additionalGids: groups } = resolved
    const who = identity({ ...resolved, groupsDenied: place.groupsDenied })
    const root = uid === 0 ? answered('12-privileges/powerless', kept) : undefined
    const other = uid !== 0 && !place.groupsDenied ? answered('12-privileges/become', { uid, gid, groups }) : undefined
    return root ? [who, root] : other ? [bounded, other] : [bounded, who, set]
  }
}

interface Security { readonly noNewPrivileges: boolean; readonly seccomp: string | undefined }

/** Names that hold without doing anything: no policy of that kind confines a container here. */
const NOTHING_TO_DO = new Set(['apparmor=unconfined', 'label=disable'])

function parseSecurity(texts: readonly string[]): Security {
  let [noNew, profile]: [boolean, string | undefined] = [false, undefined]
  for (const text of texts) {
    const [key = '', value = ''] = text.split(/[=:](.*)/s)
    if (key === 'no-new-privileges' && ['', 'true', 'false'].includes(value)) noNew = value !== 'false'
    else if (key === 'seccomp' && value) profile = value
    else if (!NOTHING_TO_DO.has(`${key}=${value}`)) {
      const expected = 'seccomp=FILE, seccomp=unconfined or no-new-privileges'
      throw new SpecError(`--security-opt: expected ${expected}, got ${JSON.stringify(text)}`)
    }
  }
  return { noNewPrivileges: noNew, seccomp: profile }
}

/** @returns the filter; undefined for none */
function filterOf(file: string | undefined, kept: readonly string[], privileged: boolean): Seccomp | undefined {
  if (file === 'unconfined' || (privileged && file === undefined)) return undefined
  const host = { machine: machine(), capabilities: kept, kernel: release() }
  if (file === undefined || file === 'builtin') return parseProfile(DEFAULT_PROFILE, host)
  const profile = parseProfile(parseJson(file, textOf(file)), host)
  const unknown = unknownSyscalls(profile, machine())
  if (unknown.length > 0) say(`${file}: system calls that are not known here are passed over: ${unknown.join(', ')}`)
  return profile
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new SpecError(`--security-opt: expected a profile at ${file}, got ${code}`, { cause: error })
  }
}

interface Device { readonly source: string; readonly destination: string; readonly access: string }

const DEVICE = /^(?<source>[^:]+)(?::(?<place>\/[^:]*))?(?::(?<access>[rwm]{1,3}))?$/

/** A link is followed, as in /dev/disk/by-id; a directory such as /dev/snd stands for all devices in it. */
function parseDevice(text: string): Device[] {
  const { source = '', place = source, access = 'rwm' } = DEVICE.exec(text)?.groups ?? {}
  if (!place.startsWith('/')) {
    throw new SpecError(`--device: expected HOST:CONTAINER:rwm such as /dev/fuse:/dev/fuse:rw, got ${JSON.stringify(text)}`)
  }
  const real = existsSync(source) ? realpathSync(source) : source
  const found = isDevice(real) ? [real] : isDirectory(real) ? devicesIn(real) : []
  if (found.length === 0) throw new SpecError(`--device: expected a device of the host, got ${source}`)
  return found.map((path) => ({ source: path, destination: join(place, relative(real, path)), access }))
}

const isDevice = (path: string): boolean => {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found !== undefined && (found.isCharacterDevice() || found.isBlockDevice())
}

const isDirectory = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

const devicesIn = (directory: string, but: ReadonlySet<string> = new Set()): string[] =>
  readdirSync(directory).filter((name) => !but.has(name)).map((name) => join(directory, name))
    .flatMap((path) => (isDirectory(path) ? devicesIn(path) : isDevice(path) ? [path] : []))

/** The bits of a device number that are its minor's, as the C library packs them. @see makedev(3) */
export function deviceNumbers(path: string): { major: number; minor: number } {
  const { rdev } = statSync(path)
  return { major: (rdev >> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >> 12) & 0xfff00) }
}

const ruleOf = ({ source, access }: Device): DeviceRule =>
  ({ allow: true, type: statSync(source).isBlockDevice() ? 'b' : 'c', ...deviceNumbers(source), access })

/** Made by mounts() already, or mounts of their own. */
const OWN = new Set(['null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx', 'pts', 'shm', 'mqueue', 'console'])

const allDevices = (): Device[] => devicesIn('/dev', OWN).map((path) => ({ source: path, destination: path, access: 'rwm' }))
