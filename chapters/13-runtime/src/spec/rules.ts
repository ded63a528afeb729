// What one field of a config.json demands of another: no name without a namespace for it, no limit twice.
//
//   problems(spec)   → hostname: expected none without a uts namespace, got "box"
//
// Invariant: pure, and only what the spec says; whether a path is there is seen when it is used.
import type { NamespaceSpec, ProcessSpec, Spec } from './schema.ts'
import { sysctlOwner, sysctlPath } from './sysctl.ts'

/** Keys down to the field; what was expected there; what came. */
export type Problem = readonly [path: readonly (string | number)[], expected: string, got: unknown]

/** The first problem is the one that is told. */
export function* problems(spec: Spec): Generator<Problem> {
  if (spec.process) {
    for (const [path, expected, got] of processProblems(spec.process)) yield [['process', ...path], expected, got]
  }
  yield* twice(spec)
  yield* withoutNamespace(spec)
  yield* withoutNumber(spec)
  yield* sysctls(spec)
}

export function* processProblems({ rlimits = [] }: ProcessSpec): Generator<Problem> {
  const seen = new Set<string>()
  for (const [i, { type, soft, hard }] of rlimits.entries()) {
    if (seen.has(type)) yield [['rlimits', i, 'type'], 'each limit once', type]
    if (soft > hard) yield [['rlimits', i, 'soft'], `at most ${hard}, the hard limit`, soft]
    seen.add(type)
  }
}

function* twice({ linux }: Spec): Generator<Problem> {
  const seen = new Set<string>()
  for (const [i, { type }] of (linux?.namespaces ?? []).entries()) {
    if (seen.has(type)) yield [['linux', 'namespaces', i, 'type'], 'each namespace once', type]
    seen.add(type)
  }
}

type Type = NamespaceSpec['type']

/** Fields that would change the host, if there were no namespace to change. */
const NEEDS: readonly (readonly [path: readonly string[], read: (spec: Spec) => unknown, type: Type])[] = [
  [['hostname'], (spec) => spec.hostname, 'uts'],
  [['domainname'], (spec) => spec.domainname, 'uts'],
  [['linux', 'uidMappings'], (spec) => spec.linux?.uidMappings, 'user'],
  [['linux', 'gidMappings'], (spec) => spec.linux?.gidMappings, 'user'],
  [['linux', 'timeOffsets'], (spec) => spec.linux?.timeOffsets, 'time'],
]

const lacks = ({ linux }: Spec, wanted: Type): boolean => !linux?.namespaces?.some(({ type }) => type === wanted)
const without = (type: Type): string => `none without ${type === 'ipc' ? 'an' : 'a'} ${type} namespace`

function* withoutNamespace(spec: Spec): Generator<Problem> {
  for (const [path, read, type] of NEEDS) {
    const value = read(spec) ?? ''
    if (Object.keys(value).length > 0 && lacks(spec, type)) yield [path, without(type), value]
  }
}

function* withoutNumber({ linux }: Spec): Generator<Problem> {
  for (const [i, device] of (linux?.devices ?? []).entries()) {
    for (const part of ['major', 'minor'] as const) {
      if (device.type !== 'p' && device[part] === undefined) {
        yield [['linux', 'devices', i, part], `the number of a device of type ${device.type}`, undefined]
      }
    }
  }
}

function* sysctls(spec: Spec): Generator<Problem> {
  for (const [key, value] of Object.entries(spec.linux?.sysctl ?? {})) {
    const [path, owner] = [['linux', 'sysctl', key], sysctlOwner(key)]
    if (sysctlPath(key) === HOSTNAME) yield [path, 'none, for there is the field hostname', value]
    if (owner === undefined) yield [['linux', 'sysctl'], 'parameters that a namespace isolates', key]
    else if (lacks(spec, owner)) yield [path, without(owner), value]
  }
}

const HOSTNAME = '/proc/sys/kernel/hostname'
