// What this machine can do for a grader, and what to do about the rest.
//
//   await examine()   → [{ name: 'root', state: 'ok' | 'less' | 'no', found: '…', remedy: '…' }, …]
//
// Asked of the kernel, or tried: a box is made and a plan is run, in a sandbox. Nothing of the machine changes.
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { findTree, roots } from '@pocker/cgroup'
import { CLONE_NEWNET, CLONE_NEWUSER, machine, mayFail, receive, send, unshare, visit, type Syscall } from '@pocker/syscalls'
import { compute } from './compute.ts'
import { groupTree } from './groups.ts'
import { look } from './look.ts'
import { places } from './places.ts'
import { readIf } from './status.ts'

export interface Finding {
  readonly name: string
  /** There; there, with less; not there. */
  readonly state: 'ok' | 'less' | 'no'
  readonly found: string
  readonly remedy?: string
}

export async function examine(): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const [name, ask] of Object.entries(QUESTIONS)) findings.push({ name, ...await answered(ask) })
  return findings
}

type Answer = Omit<Finding, 'name'>

async function answered(ask: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await ask()
  } catch (error) {
    return { state: 'no', found: (error as Error).message }
  }
}

const ok = (found: string): Answer => ({ state: 'ok', found })
const less = (found: string, remedy: string): Answer => ({ state: 'less', found, remedy })
const no = (found: string, remedy: string): Answer => ({ state: 'no', found, remedy })

const VM = 'use a virtual machine: npm run vm, or npx course vm'
const ELSEWHERE = 'this machine can grade; a check that needs what is missing is skipped, and says so'

const QUESTIONS: Readonly<Record<string, () => Answer | Promise<Answer>>> = {
  'kernel': () => {
    const release = readIf('/proc/sys/kernel/osrelease').trim()
    if (!release) return no(process.platform, `the grader needs Linux: ${VM}`)
    const [major = 0, minor = 0] = release.split('.').map(Number)
    return major > 5 || (major === 5 && minor >= 12) ? ok(`Linux ${release}`) : no(`Linux ${release}`, `5.12 or later: ${VM}`)
  },
  'architecture': () => ok(machine()),
  'root': () => (process.geteuid?.() === 0 ? ok('yes')
    : less(`no, user ${process.geteuid?.()}`, `checks that need other users or groups are skipped: run it as root, or ${VM}`)),
  'user namespaces': () => {
    const files = ['user/max_user_namespaces', 'kernel/apparmor_restrict_unprivileged_userns', 'kernel/unprivileged_userns_clone']
    const [most, apparmor, debian] = files.map((file) => readIf(`/proc/sys/${file}`).trim())
    if (!most || most === '0') {
      return no(`user.max_user_namespaces is ${most || 'not there'}`, 'sudo sysctl user.max_user_namespaces=10000')
    }
    const [lift, clone] = ['kernel.apparmor_restrict_unprivileged_userns=0', 'kernel.unprivileged_userns_clone=1']
    if (apparmor === '1') return less('kept from programs by AppArmor', `sudo sysctl ${lift}, or run as root`)
    return debian === '0' ? less('for root only', `sudo sysctl ${clone}, or run as root`) : ok(`up to ${most}`)
  },
  'box': async () => {
    const code = 'export const answer = async ({ mark }) => void process.stdout.write(`\n${mark}{"nonsense": ""}\n`)'
    await compute(code, { name: 'trial', args: [] }, await places(), { ms: 20_000, bytes: 1024 })
    return ok('an answer can be computed')
  },
  'sandbox': async () => {
    await look({ name: 'trial' }, await places(), { ms: 20_000, bytes: 1024 })
    return ok('a plan can be run')
  },
  'cgroups': () => {
    const tree = findTree()
    const first = Object.keys(tree.v1)
    const versions = [...(tree.controllers.length > 0 ? ['version 2'] : []), ...(first.length > 0 ? ['version 1'] : [])]
    if (roots(tree).length === 0) return no('none mounted', `mount them at /sys/fs/cgroup, or ${VM}`)
    const both = tree.unified && Object.keys(tree.v1).length > 0 ? 'hybrid: ' : ''
    const controllers = [...tree.controllers, ...Object.keys(tree.v1)].join(', ')
    const lacking = ['cpu', 'memory', 'pids'].filter((name) => !controllers.split(', ').includes(name))
    const found = `${both}${versions.join(' and ')}: ${controllers}`
    if (lacking.length > 0) return less(found, `no ${lacking.join(', ')}: checks that need it are skipped`)
    groupTree()
    return ok(found)
  },
  'overlay': () => (/\toverlay$/m.test(readIf('/proc/filesystems')) ? ok('known to this kernel')
    : no('not in /proc/filesystems', 'sudo modprobe overlay; images are unpacked whole without it')),
  'time namespaces': () => (existsSync('/proc/self/timens_offsets') ? ok('yes')
    : less('no', 'CONFIG_TIME_NS; chapter 08 is skipped')),
  'nftables': () => (knowsNftables() ? ok('answers')
    : less('does not answer', 'sudo modprobe nf_tables; checks of rules are skipped')),
  'kvm': () => {
    try {
      accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
      return ok('/dev/kvm')
    } catch {
      return less('no access to /dev/kvm', 'the virtual machine is emulated, and slower; add yourself to the group kvm')
    }
  },
  'memory': () => {
    const [, kib = '0'] = /^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? []
    const gib = Number(kib) / 1024 ** 2
    const found = `${gib.toFixed(1)} GiB to be had`
    return gib >= 1 ? ok(found) : less(found, 'grade with --jobs 1')
  },
}

/** Asks nf_tables for the number of its rules' generation, in a network namespace made for the question. */
function knowsNftables(): boolean {
  const [NETLINK_NETFILTER, GETGEN, NEWGEN] = [12, 0x0a10, 0x0a0f]
  const [AF_NETLINK, SOCK_RAW, DONTWAIT, REQUEST] = [16, 3, 0x40, 1]
  const question = Buffer.alloc(20)
  question.writeUInt32LE(question.length, 0)
  question.writeUInt16LE(GETGEN, 4)
  question.writeUInt16LE(REQUEST, 6)
  const list: Syscall[] = [
    unshare(process.geteuid?.() === 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET),
    { call: 'socket', args: [AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER], as: 'socket' },
    send({ resultOf: 'socket' }, question), mayFail(receive({ resultOf: 'socket' }, 4096, DONTWAIT)),
  ]
  const answer = visit([], list).at(-1)
  return answer?.outs[0]?.readUInt16LE(4) === NEWGEN
}

/** @returns lines for a terminal, and what it comes to */
export function diagnosis(findings: readonly Finding[], mark: (state: Finding['state']) => string): string[] {
  const missing = findings.filter(({ state }) => state === 'no').map(({ name }) => name)
  const cannot = missing.some((name) => ['kernel', 'box', 'sandbox'].includes(name))
  return [
    ...findings.flatMap(({ name, state, found, remedy }) => [
      `${mark(state)} ${name.padEnd(16)} ${found}`, ...(remedy === undefined ? [] : [`  ${''.padEnd(16)} → ${remedy}`]),
    ]),
    cannot ? `this machine can grade nothing: ${VM}` : missing.length > 0 ? ELSEWHERE : 'this machine can grade',
  ]
}
