// From the words of `pocker run` to a plan. The flags are declared once, for run, explain and step.
//
//   containerCommand('run')                     → a commander command with docker's flags
//   toPlan('busybox', ['echo', 'hi'], options)  → Plan
import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { chroot } from '@pocker/chroot'
import { command, DEFAULT_PATH, foreground, plan, SpecError, type Plan } from '@pocker/syscalls'
import { uts } from '@pocker/uts'
import { Command } from 'commander'

export interface Options {
  readonly env: readonly string[]
  readonly workdir?: string
  readonly hostname?: string
  readonly entrypoint?: string
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
  return plan([
    foreground(),
    uts({ hostname }),
    chroot({ path: image.path }),
    command({ argv, env: environment(options.env, hostname), ...(workdir !== undefined && { cwd: workdir }) }),
  ])
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
