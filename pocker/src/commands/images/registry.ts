// Images from and to registries; logins; and a registry of one's own.
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import {
  asked, BASES, canonical, canonicalName, ensureBase, familiar, familiarName, findBase, NoSuchImage, parsePlatform,
  parseReference, print, progressLines, pullReport, pushBegins, pushDone, type Base, type Images, type ProgressLines,
  type Reference,
} from '@pocker/images'
import {
  login, logout, pull, push, registryBase, RegistryError, serve, tagsAt, tagsOf, type PullOptions, type RegistryOptions,
} from '@pocker/registry'
import { SpecError } from '@pocker/syscalls'
import { say } from '../../errors.ts'
import { pockerRoot } from '../../image.ts'
import { here } from './local.ts'

/** What docker's daemon has in its file: registries that need no TLS, and mirrors of docker.io. */
function settings(): RegistryOptions {
  const file = process.env['POCKER_CONFIG'] ?? '/etc/pocker/daemon.json'
  try {
    const config = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>
    return { insecure: strings(config['insecure-registries'] ?? []), mirrors: strings(config['registry-mirrors'] ?? []) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new SpecError(`${file}: expected JSON such as {"insecure-registries": ["10.0.0.0/8"]}, got ${(error as Error).message}`)
  }
}

function strings(value: unknown): string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw new SpecError(`${JSON.stringify(value)} for a list of them`)
}

const linesFor = (quiet: boolean): ProgressLines => (quiet ? { show: () => {}, say: () => {} } : progressLines(process.stdout))
/** Or a digest. */
const hasTag = (text: string): boolean => /[:@]/.test(text.slice(text.lastIndexOf('/') + 1))

interface TransferFlags { readonly quiet?: boolean; readonly platform?: string; readonly allTags?: boolean }

export async function pullImage([text = '']: string[], { quiet = false, allTags = false, platform }: TransferFlags): Promise<void> {
  refuseTag(text, allTags)
  const [reference, lines, images] = [parseReference(text), linesFor(quiet), here()]
  const wanted = platform === undefined ? {} : { platform: parsePlatform(platform) }
  if (!allTags && !hasTag(text)) lines.say('Using default tag: latest')
  for (const one of allTags ? await tagsAt(reference, settings()) : [reference]) await fetchImage(images, one, lines, wanted)
  print(`${allTags ? canonicalName(reference) : canonical(reference)}\n`)
}

function refuseTag(text: string, allTags: boolean): void {
  if (allTags && hasTag(text)) throw new SpecError('tag can\'t be used with --all-tags/-a')
}

/** From a registry; or made here. @param lines where it is told */
export async function fetchImage(
  images: Images, reference: Reference, lines: ProgressLines, options: PullOptions = {},
): Promise<void> {
  const report = pullReport(reference, lines)
  await pull(images, reference, { ...settings(), ...options, progress: report.show }).then(report.done, async (error: unknown) => {
    lines.say(await madeHere(images, reference, error))
  })
}

/** The image that can be made here under this name. The bundle of the registry's lies beside the tool's own. */
export function baseOf(reference: Reference): Base | undefined {
  const places = ['./registry.cjs', '../../../dist/registry.cjs'].map((path) => fileURLToPath(new URL(path, import.meta.url)))
  const program = places.find((path) => existsSync(path))
  return findBase([...BASES, ...(program === undefined ? [] : [registryBase(program)])], reference)
}

/** Where no registry can be reached, there still are Debian's packages. */
async function madeHere(images: Images, reference: Reference, error: unknown): Promise<string> {
  const base = baseOf(reference)
  if (!base || !(error instanceof RegistryError) || !['REFUSED', 'CUT'].includes(error.code)) throw error
  const { made, source } = await ensureBase(base, images)
  say(`${error.message}; ${made ? `so ${base.name} is made from ${source}` : 'the one that is here stays'}`)
  const name = familiar(reference)
  return `Status: ${made ? `Made ${name} from ${source}` : `Image is up to date for ${name}`}`
}

export async function pushImage([text = '']: string[], { quiet = false, allTags = false }: TransferFlags): Promise<void> {
  refuseTag(text, allTags)
  const [images, reference, lines] = [here(), parseReference(text), linesFor(quiet)]
  const references = allTags ? tagsOf(images, reference) : [reference]
  const missing = new SpecError(`An image does not exist locally with the tag: ${familiarName(reference)}`)
  if (references.length === 0) throw missing
  if (!allTags && !hasTag(text)) lines.say('Using default tag: latest')
  lines.say(pushBegins(reference))
  for (const one of references) {
    const pushed = await push(images, one, { ...settings(), progress: lines.show.bind(lines) }).catch((error: unknown) => {
      throw error instanceof NoSuchImage ? missing : error
    })
    lines.say(pushDone(one, pushed))
  }
  if (quiet) print(references.map((one) => `${canonical(one)}\n`).join(''))
}

interface LoginFlags { readonly username?: string; readonly password?: string; readonly passwordStdin?: boolean }

export async function logIn([host]: string[], { username, password, passwordStdin }: LoginFlags): Promise<void> {
  if (password !== undefined && passwordStdin) {
    throw new SpecError('conflicting options: cannot specify both --password and --password-stdin')
  }
  if (passwordStdin && username === undefined) throw new SpecError('the --password-stdin option requires --username to be set')
  if (password !== undefined) process.stderr.write('WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n')
  const given = passwordStdin ? (await textOf(process.stdin)).replace(/\r?\n$/, '') : password
  if (!process.stdin.isTTY && (username === undefined || given === undefined)) {
    throw new SpecError('login: cannot perform an interactive login from a non TTY device; use --username and --password-stdin')
  }
  const who = {
    username: username ?? await asked('Username: ', { shown: true }),
    password: given ?? await asked('Password: ', { shown: false }),
  }
  const warn = (text: string): void => void process.stderr.write(text)
  print(`${await login({ ...who, insecure: settings().insecure, warn, ...(host !== undefined && { host }) })}\n`)
}

export const logOut = async ([host]: string[]): Promise<void> => print(`${await logout(host)}\n`)

interface ServeFlags {
  readonly host?: string
  readonly port?: string
  readonly root?: string
  readonly htpasswd?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
}

export async function serveRegistry(_: string[], { port = '5000', root, tlsCert, tlsKey, ...more }: ServeFlags): Promise<void> {
  if (!/^\d+$/.test(port) || Number(port) > 65_535) {
    throw new SpecError(`--port: expected a number up to 65535, got ${JSON.stringify(port)}`)
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) throw new SpecError('--tls-cert: expected --tls-key with it, got one')
  const registry = await serve({
    ...more, port: Number(port), root: root ?? join(pockerRoot(), 'registry'),
    ...(tlsCert !== undefined && tlsKey !== undefined && { tls: { cert: readFileSync(tlsCert), key: readFileSync(tlsKey) } }),
    log: ({ method, url, status, error }) => say([method, url, status, ...(error ? [(error as Error).message] : [])].join(' ')),
  })
  print(`${registry.url}\n`)
  await Promise.race(['SIGINT', 'SIGTERM'].map(async (signal) => await once(process, signal)))
  await registry.close()
}
