// Debian, as debootstrap makes it, without the traces of the machine that made it.
//
//   await debianRootfs('./build')   → { path: './build/rootfs', source: "Debian's packages, bookworm, minbase", … }
//
// Invariant: what is left depends on the packages only. @see debootstrap(8); reproducible-builds.org, SOURCE_DATE_EPOCH
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { SpecError } from '@pocker/syscalls'
import type { Grown } from './base.ts'

/** Caches and logs, and what was taken over from this machine. */
const TRACES: readonly string[] = [
  'debootstrap', 'etc/hostname', 'etc/resolv.conf', 'etc/passwd-', 'etc/group-', 'etc/shadow-', 'etc/gshadow-',
  'var/cache/ldconfig/aux-cache', 'var/lib/dpkg/status-old', 'var/lib/dpkg/available-old', 'var/log/alternatives.log',
  'var/log/bootstrap.log', 'var/log/dpkg.log', 'var/log/apt',
]
/** Directories that stay, without what is in them. */
const CACHES: readonly string[] = ['var/cache/apt/archives', 'var/lib/apt/lists']
const DAY = 24 * 60 * 60 * 1000
/** For a suite that this machine does not say. */
const STABLE = 'stable'

/** @throws {SpecError} if debootstrap is not there, or its packages cannot be fetched */
export async function debianRootfs(directory: string): Promise<Grown> {
  const [path, suite] = [join(directory, 'rootfs'), suiteOf(textOf('/etc/os-release'))]
  await bootstrap(suite, path)
  const date = dateOf(join(path, 'var/lib/apt/lists'))
  for (const trace of TRACES) rmSync(join(path, trace), { recursive: true, force: true })
  for (const cache of CACHES.map((name) => join(path, name))) {
    for (const name of readdirSync(cache)) rmSync(join(cache, name), { recursive: true })
  }
  writeFileSync(join(path, 'etc/machine-id'), '')
  writeFileSync(join(path, 'etc/shadow'), sinceThen(textOf(join(path, 'etc/shadow')), date))
  return { path, source: `Debian's packages, ${suite}, minbase`, date, without: /^dev\/./ }
}

async function bootstrap(suite: string, path: string): Promise<void> {
  const env = { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' }
  try {
    await promisify(execFile)('debootstrap', ['--variant=minbase', suite, path], { env, maxBuffer: 16 * 1024 * 1024 })
  } catch (error) {
    throw new SpecError(`debian: expected a root file system from debootstrap, ${refusal(error)}`, { cause: error })
  }
}

function refusal(error: unknown): string {
  const { code, message, stdout = '', stderr = '' } = error as NodeJS.ErrnoException & { stdout?: string; stderr?: string }
  if (code === 'ENOENT') return 'got no such program; try: apt-get install debootstrap'
  return `got: ${/^E: (.*)/m.exec(stdout + stderr)?.[1] ?? message.split('\n')[0]}; it needs Debian's archive, or a mirror of it`
}

/** This machine's release, if it is a Debian. */
const suiteOf = (release: string): string =>
  (/^ID=debian$/m.test(release) && /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1]) || STABLE

/** When the archive was last changed, which its index says. */
function dateOf(lists: string): Date {
  const index = readdirSync(lists).find((name) => /_(In)?Release$/.test(name))
  const [, date = ''] = /^Date: (.*)$/m.exec(index ? textOf(join(lists, index)) : '') ?? []
  return new Date(Date.parse(date) || 0)
}

/** The day on which a password was changed last is the day on which the system was made. @see shadow(5) */
const sinceThen = (shadow: string, date: Date): string =>
  shadow.replace(/^([^:]*:[^:]*):\d+:/gm, `$1:${Math.floor(date.getTime() / DAY)}:`)

const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')
