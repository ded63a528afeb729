// pocker doctor: what this machine can do, tried for real, and what to do about the rest.
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import {
  call, CLONE, CLONE_NEWUSER, CLONE_NEWUTS, command, getpid, machine, plan, spawn, type Isolation,
} from '@pocker/syscalls'
import { obstacles } from '@pocker/user'
import type { Command } from 'commander'
import pc from 'picocolors'
import { pockerRoot } from '../image.ts'

/** One thing to know. `try` returns what was found, or throws. */
interface Check { readonly title: string; readonly remedy: string; readonly needed: boolean; readonly try: () => string }

const COMPILER = 'run npm install again, with python3, make and g++ installed'
const ANOTHER_KERNEL = 'see the kernel\'s configuration, or whether a container forbids it'

/** Computed when they are asked for: some of them look at the machine while the table is made. */
const checks = (): readonly Check[] => [
  needed('Linux 5.12 or newer', kernel, 'use a newer distribution; on macOS or Windows, a virtual machine or the dev container'),
  needed('processor', machine, 'use x86-64 or arm64'),
  needed('Node 20.19 or newer', node, 'install a current Node'),
  needed('system calls through FFI', () => `this is process ${call(getpid()).value}`, COMPILER),
  later('root', root, 'without it, each container is made in a user namespace; use sudo to join or limit containers'),
  needed('CLONE_NEWUTS', () => namespace(CLONE_NEWUTS), ANOTHER_KERNEL),
  ...Object.entries(CLONE).filter(([name]) => name.startsWith('CLONE_NEW') && name !== 'CLONE_NEWUTS')
    .map(([name, flag]) => later(name, () => namespace(BigInt(flag)), ANOTHER_KERNEL)),
  ...obstacles().map(({ found, remedy }) => later('containers without root', () => fail(found), remedy)),
  needed('state directory', stateDirectory, 'set POCKER_ROOT to a directory of yours'),
  later('cgroups', cgroups, 'mount cgroup2 at /sys/fs/cgroup'),
  later('overlayfs', () => fileSystem('overlay'), 'modprobe overlay'),
]

function needed(title: string, attempt: () => string, remedy: string): Check {
  return { title, remedy, needed: true, try: attempt }
}

const isRoot = (): boolean => process.geteuid?.() === 0

function fail(found: string): never {
  throw new Error(found)
}

/** Something that only later chapters use. */
function later(title: string, attempt: () => string, remedy: string): Check {
  return { title, remedy, needed: false, try: attempt }
}

export function addDoctor(program: Command): void {
  program.command('doctor').summary('what this machine can do').helpOption('--help', 'show this help').action(doctor)
}

function doctor(): void {
  for (const { title, needed, remedy, try: attempt } of checks()) {
    try {
      console.log(`${pc.green('✓')} ${title}: ${attempt()}`)
    } catch (error) {
      console.log(`${needed ? pc.red('✗') : pc.yellow('–')} ${title}: ${(error as Error).message}; ${remedy}`)
      if (needed) process.exitCode = 1
    }
  }
}

function kernel(): string {
  const [major = 0, minor = 0] = release().split('.').map(Number)
  const old = major < 5 || (major === 5 && minor < 12)
  if (process.platform !== 'linux' || old) throw new Error(`found ${process.platform} ${release()}`)
  return release()
}

function node(): string {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) throw new Error(`found ${process.version}`)
  return process.version
}

function root(): string {
  if (!isRoot()) throw new Error(`this is user ${process.geteuid?.()}`)
  return 'yes'
}

/** Makes such a namespace, and a process in it that ends at once. An ordinary user needs a user namespace around it. */
function namespace(flag: bigint): string {
  const isolation: Isolation = { name: 'doctor', flags: isRoot() ? flag : flag | CLONE_NEWUSER }
  const { code } = spawn(plan([isolation, command({ argv: ['true'] })])).waitSync()
  if (code !== 0) throw new Error(`true ended with ${code}`)
  return 'yes'
}

function stateDirectory(): string {
  mkdirSync(pockerRoot(), { recursive: true })
  accessSync(pockerRoot(), constants.W_OK)
  return pockerRoot()
}

function cgroups(): string {
  const lines = readFileSync('/proc/mounts', 'utf8').split('\n').filter((line) => /^\S+ \S+ cgroup2? /.test(line))
  const [v2, v1] = [lines.filter((line) => line.includes(' cgroup2 ')), lines.filter((line) => line.includes(' cgroup '))]
  if (v2.length === 0) throw new Error('no cgroup v2 tree is mounted')
  return v1.length > 0 ? `hybrid: ${v1.length} v1 hierarchies beside v2` : 'v2'
}

function fileSystem(name: string): string {
  if (!readFileSync('/proc/filesystems', 'utf8').includes(`\t${name}\n`)) throw new Error('not known to the kernel')
  return 'yes'
}
