// QEMU: which hardware the machine has, and how bytes come in and out.
//
//   const ports = await listen(dir, ['control', 'out'])     sockets to which QEMU will connect, one for each port
//   start({ dir, image, ports: ['control', 'out'], … })     → the process
//
// Invariant: QEMU does not outlive this process.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { accessSync, closeSync, constants, existsSync, ftruncateSync, openSync, readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { NoMachine } from './kernel.ts'

export interface Hardware {
  readonly accelerator: Accelerator
  /** MiB */
  readonly memory: number
  readonly processors: number
}

export type Accelerator = 'kvm' | 'tcg'

/** By the names that they have inside, too. `terminal` is /dev/hvc0 there. */
export type Ports = Readonly<Record<string, Promise<Socket>>>

/** Bytes; the files have holes, and take no room until they are written. */
const DISKS = { scratch: 16 * 2 ** 30, swap: 512 * 2 ** 20 } as const

const ACCELERATORS: Readonly<Record<Accelerator, string>> = { kvm: 'kvm', tcg: 'tcg,thread=multi,tb-size=1024' }

const [QEMU, MKFS] = ['/usr/bin/qemu-system-x86_64', '/usr/sbin/mkfs.ext4']
export const BUSYBOX = '/bin/busybox'
const PACKAGES = { [QEMU]: 'qemu-system-x86', [MKFS]: 'e2fsprogs', [BUSYBOX]: 'busybox-static' } as const

/** @throws {NoMachine} if a program is missing, with the packages to install */
export function checkPrograms(): void {
  const missing = Object.entries(PACKAGES).filter(([file]) => !existsSync(file)).map(([, name]) => name)
  if (missing.length === 0) return
  throw new NoMachine(`expected QEMU and its tools: apt-get install --no-install-recommends ${missing.join(' ')}`)
}

/**
 * Whether the processor itself can run the machine, or it must be emulated. The device alone does not tell: inside of some
 * virtual machines it is there, can be opened, and what it runs stands still.
 */
export function accelerator(): Accelerator {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    return /^flags.* (vmx|svm)( |$)/m.test(readFileSync('/proc/cpuinfo', 'utf8')) ? 'kvm' : 'tcg'
  } catch {
    return 'tcg'
  }
}

/** Makes the disks: one that takes all that is written, and one to swap to. */
export function makeDisks(dir: string): void {
  for (const [name, size] of Object.entries(DISKS)) {
    const file = openSync(join(dir, name), 'w')
    ftruncateSync(file, size)
    closeSync(file)
  }
  const { status, stderr } = spawnSync(MKFS, ['-q', '-F', '-O', '^has_journal', join(dir, 'scratch')], { encoding: 'utf8' })
  if (status !== 0) throw new NoMachine(`${MKFS}: ${stderr.trim()}`)
}

export async function listen(dir: string, names: readonly string[]): Promise<Ports> {
  return Object.fromEntries(await Promise.all(names.map(async (name) => {
    const server = createServer().unref()
    const connected = new Promise<Socket>((resolve) => server.once('connection', (socket) => {
      server.close()
      resolve(socket.on('error', () => {})) // QEMU has gone; the end of the stream says so, too
    }))
    await new Promise<void>((resolve) => server.listen(join(dir, name), resolve))
    return [name, connected] as const
  })))
}

/** @param from.dir has the disks, the ports and the initial RAM disk; the kernel's messages go into `console` there */
export function start({ dir, image, ports, hardware: { accelerator, memory, processors }, shared }: {
  readonly dir: string; readonly image: string; readonly ports: readonly string[]; readonly hardware: Hardware
  readonly shared?: string | undefined
}): ChildProcess {
  const words = [
    '-accel', ACCELERATORS[accelerator], '-cpu', 'max', '-smp', `${processors}`, '-m', `${memory}`,
    '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot',
    '-kernel', image, '-initrd', join(dir, 'initrd'), '-serial', `file:${join(dir, 'console')}`,
    '-append', 'console=ttyS0 quiet panic=-1 mitigations=off cgroup_no_v1=all dummy.numdummies=0 bonding.max_bonds=0 ifb.numifbs=0',
    ...Object.keys(DISKS).flatMap((name) => disk(name, join(dir, name))),
    '-device', 'virtio-serial-pci', ...ports.flatMap((name) => port(name, join(dir, name))),
    '-virtfs', 'local,path=/,mount_tag=files,security_model=none,readonly=on,multidevs=remap',
    ...(shared === undefined ? [] : ['-virtfs', `local,path=${shared},mount_tag=shared,security_model=none`]),
  ]
  return spawn('setpriv', ['--pdeathsig', 'KILL', QEMU, ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
}

const disk = (id: string, file: string): string[] =>
  ['-drive', `if=none,id=${id},format=raw,cache=unsafe,file=${file}`, '-device', `virtio-blk-pci,drive=${id}`]

const port = (name: string, socket: string): string[] =>
  ['-chardev', `socket,id=${name},path=${socket}`,
    '-device', `${name === 'terminal' ? 'virtconsole' : 'virtserialport'},chardev=${name},name=${name}`]
