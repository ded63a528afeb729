// features.md, features-linux.md: what a runtime tells of itself.
import assert from 'node:assert/strict'
import { does, type Row } from '../row.ts'
import { call } from '../runtimes.ts'
import type { Bench } from '../bench.ts'

const KEY = {}
type Told = Readonly<Record<string, unknown>>
const told = (t: Bench): Told => t.once(KEY, () => {
  const { code, stdout, stderr } = call(t.name, t.dir, ['features'])
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Told
})
const at = (data: Told, path: string): unknown => path.split('.').reduce<unknown>((value, key) => (value as Told | undefined)?.[key], data)
const texts = (value: unknown): readonly string[] => {
  assert.ok(Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string'), `${JSON.stringify(value)} is no list of texts`)
  return value as string[]
}
const includes = (...wanted: string[]) => (value: unknown): void => {
  const list = texts(value)
  for (const one of wanted) assert.ok(list.includes(one), `${one} is not listed`)
}
const version = (value: unknown): void => assert.match(String(value), /^1\.\d+\.\d+/)
const flag = (value: unknown): void => assert.equal(typeof value, 'boolean')

/** Those that config.md has a runtime MUST know. */
const MUST_KNOW = `async atime bind defaults dev diratime dirsync exec lazytime loud noatime nodev nodiratime noexec nolazytime
  norelatime nostrictatime nosuid private rbind relatime ro rprivate rshared rslave runbindable rw shared silent
  slave strictatime suid sync unbindable`.trim().split(/\s+/)

const FIELDS: readonly (readonly [section: string, field: string, demand: string, check: (value: unknown) => void])[] = [
  ['features.md', 'ociVersionMin', 'a version', version],
  ['features.md', 'ociVersionMax', 'a version', version],
  ['features.md', 'hooks', 'all six', includes('prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop')],
  ['features.md', 'mountOptions', 'those that every runtime has to know', includes(...MUST_KNOW)],
  ['features-linux.md', 'linux.namespaces', 'the kernel\'s', includes('cgroup', 'ipc', 'mount', 'network', 'pid', 'user', 'uts')],
  ['features-linux.md', 'linux.capabilities', 'by the names of the config', includes('CAP_CHOWN', 'CAP_SYS_ADMIN', 'CAP_CHECKPOINT_RESTORE')],
  ['features-linux.md', 'linux.cgroup.v1', 'yes or no', flag],
  ['features-linux.md', 'linux.cgroup.v2', 'yes or no', flag],
  ['features-linux.md', 'linux.cgroup.systemd', 'yes or no', flag],
  ['features-linux.md', 'linux.cgroup.systemdUser', 'yes or no', flag],
  ['features-linux.md', 'linux.seccomp.enabled', 'yes or no', flag],
  ['features-linux.md', 'linux.seccomp.actions', 'by the names of the config', includes('SCMP_ACT_ALLOW', 'SCMP_ACT_ERRNO', 'SCMP_ACT_KILL_PROCESS')],
  ['features-linux.md', 'linux.seccomp.operators', 'by the names of the config', includes('SCMP_CMP_EQ', 'SCMP_CMP_MASKED_EQ')],
  ['features-linux.md', 'linux.seccomp.archs', 'by the names of the config', includes('SCMP_ARCH_X86_64')],
  ['features-linux.md', 'linux.apparmor.enabled', 'yes or no', flag],
  ['features-linux.md', 'linux.selinux.enabled', 'yes or no', flag],
  ['features-linux.md', 'linux.intelRdt.enabled', 'yes or no', flag],
]

export const FEATURES: readonly Row[] = FIELDS.map(([section, field, demand, check]) =>
  does(section, `${field}: ${demand}`, (t) => check(at(told(t), field))))
