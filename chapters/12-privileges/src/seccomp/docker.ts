// Docker's format of a seccomp profile, the one of --security-opt seccomp=FILE: OCI's, with rules that hold only for
// some capabilities, machines and kernels.
//
//   parseProfile(parseJson('seccomp', text), { machine: 'x64', capabilities: ['CAP_CHOWN'], kernel: release() })   → Seccomp
//
// Invariant: what comes out is plain OCI. No condition on the host is left in it.
// @see https://docs.docker.com/engine/security/seccomp/
import { SpecError, type Machine } from '@pocker/syscalls'
import { readList, readObject, readText, wrong } from './json.ts'
import { ARCHITECTURES } from './numbers.ts'
import { parseSeccomp, readArchitecture, readRule, type Rule, type Seccomp } from './profile.ts'

/** What a rule can depend on. */
export interface Host {
  readonly machine: Machine
  /** The container's bounding set. */
  readonly capabilities: readonly string[]
  /** As uname(1) -r prints it: only its first two numbers count. */
  readonly kernel: string
}

/** @throws {SpecError} naming the field that is not what it should be */
export function parseProfile(data: unknown, host: Host): Seccomp {
  const { architectures, archMap, syscalls, ...rest } = readObject('seccomp', data)
  const listed = readList('architectures', architectures, readArchitecture)
  const mapped = readList('archMap', archMap, readArchEntry)
  if (listed.length > 0 && mapped.length > 0) throw new SpecError('seccomp: expected architectures or archMap, got both')
  const own = mapped.find(([architecture]) => architecture === ARCHITECTURES[host.machine].oci) ?? []
  const rules = readList('syscalls', syscalls, (what, rule) =>
    ({ rule: readDockerRule(what, rule), holds: readFilters(what, rule, host) }))
  return {
    ...parseSeccomp({ ...rest, architectures: [...listed, ...own] }),
    syscalls: rules.filter(({ holds }) => holds).map(({ rule }) => rule),
  }
}

/** The architecture, and those that its kernel runs too. */
function readArchEntry(what: string, data: unknown): string[] {
  const { architecture, subArchitectures } = readObject(what, data)
  return [
    readArchitecture(`${what}.architecture`, architecture),
    ...readList(`${what}.subArchitectures`, subArchitectures, readArchitecture),
  ]
}

/** The older form has one `name`. */
function readDockerRule(what: string, data: unknown): Rule {
  const { name, names } = readObject(what, data)
  const listed = readList(`${what}.names`, names, readText)
  if (name && listed.length > 0) throw new SpecError(`${what}: expected name or names, got both`)
  if (!name && listed.length === 0) throw wrong(`${what}.names`, 'names of system calls', names)
  return readRule(what, name ? [readText(`${what}.name`, name)] : listed, data)
}

/** @returns whether the rule holds here: all of `includes`, and nothing of `excludes` */
function readFilters(what: string, data: unknown, host: Host): boolean {
  const { includes, excludes } = readObject(what, data)
  const [wanted, unwanted] = [readFilter(`${what}.includes`, includes), readFilter(`${what}.excludes`, excludes)]
  const { docker } = ARCHITECTURES[host.machine]
  return wanted.caps.every((cap) => host.capabilities.includes(cap))
    && (wanted.arches.length === 0 || wanted.arches.includes(docker))
    && (wanted.minKernel === undefined || isAtLeast(host.kernel, wanted.minKernel))
    && !unwanted.caps.some((cap) => host.capabilities.includes(cap))
    && !unwanted.arches.includes(docker)
    && (unwanted.minKernel === undefined || !isAtLeast(host.kernel, unwanted.minKernel))
}

interface Filter { readonly caps: readonly string[]; readonly arches: readonly string[]; readonly minKernel?: string }

function readFilter(what: string, data: unknown): Filter {
  if (data === undefined || data === null) return { caps: [], arches: [] }
  const { caps, arches, minKernel } = readObject(what, data)
  if (minKernel !== undefined && !/^\d+\.\d+$/.test(String(minKernel))) {
    throw wrong(`${what}.minKernel`, 'a version such as "4.8"', minKernel)
  }
  return {
    caps: readList(`${what}.caps`, caps, readText),
    arches: readList(`${what}.arches`, arches, readText),
    ...(minKernel !== undefined && { minKernel: String(minKernel) }),
  }
}

function isAtLeast(kernel: string, least: string): boolean {
  const [[major = 0, minor = 0], [leastMajor = 0, leastMinor = 0]] = [version(kernel), version(least)]
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
}

const version = (release: string): number[] => release.split('.').slice(0, 2).map((part) => Number.parseInt(part, 10))
