// Who we are at which registry: Docker's file of logins, and the programs that keep them for it.
//
//   await findCredentials('registry.example')                         → { username, password } | { identityToken } | undefined
//   await keepCredentials('registry.example', { username, password })       forgetCredentials('registry.example')
//
// Invariant: the file is the owner's only (0600), is there whole or not at all, and what else stands in it stays.
// @see docker login, "Credential stores"; docker-credential-helpers, its README
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { SpecError } from '@pocker/syscalls'
import { shown } from './errors.ts'
import { HUB } from './hosts.ts'

export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string }

interface Entry {
  readonly auth?: unknown
  readonly username?: unknown
  readonly password?: unknown
  readonly identitytoken?: unknown
}
interface ConfigFile extends Record<string, unknown> {
  readonly auths?: Readonly<Record<string, Entry>>
  readonly credsStore?: unknown
  readonly credHelpers?: Readonly<Record<string, unknown>>
}

/** As it is called in the file, since 2013. */
const HUB_KEY = 'https://index.docker.io/v1/'
/** The name of a user who has an identity token for a password. */
const TOKEN_USER = '<token>'
const NOT_FOUND = /credentials not found/

const configFile = (): string => join(process.env['DOCKER_CONFIG'] || join(homedir(), '.docker'), 'config.json')

const keyOf = (host: string): string => host === HUB ? HUB_KEY : host
/** Old files have whole addresses for hosts. */
const hostOf = (key: string): string => {
  const host = key.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  return ['index.docker.io', 'registry-1.docker.io'].includes(host) ? HUB : host
}

export async function findCredentials(host: string): Promise<Credentials | undefined> {
  const config = read()
  const helper = helperFor(host, config)
  if (helper !== undefined) {
    const found = await ask(helper, 'get', keyOf(host))
    if (found !== undefined) return fromHelper(helper, found)
  }
  const auths = config.auths ?? {}
  const entry = auths[keyOf(host)] ?? Object.entries(auths).find(([key]) => hostOf(key) === host)?.[1]
  return entry && fromEntry(entry)
}

/** @returns where it is kept: for a warning that a file is no safe */
export async function keepCredentials(host: string, credentials: Credentials): Promise<{ readonly file?: string }> {
  const config = read()
  const helper = helperFor(host, config)
  if (helper === undefined) {
    write({ ...config, auths: { ...config.auths, [keyOf(host)]: toEntry(credentials) } })
    return { file: configFile() }
  }
  const [Username, Secret] = 'identityToken' in credentials
    ? [TOKEN_USER, credentials.identityToken]
    : [credentials.username, credentials.password]
  await ask(helper, 'store', JSON.stringify({ ServerURL: keyOf(host), Username, Secret }))
  write({ ...config, auths: { ...config.auths, [keyOf(host)]: {} } })
  return {}
}

/** @returns whether there were any */
export async function forgetCredentials(host: string): Promise<boolean> {
  const config = read()
  const helper = helperFor(host, config)
  const kept = Object.entries(config.auths ?? {}).filter(([key]) => key !== keyOf(host) && hostOf(key) !== host)
  const were = kept.length < Object.keys(config.auths ?? {}).length
  if (helper !== undefined) await ask(helper, 'erase', keyOf(host))
  if (were) write({ ...config, auths: Object.fromEntries(kept) })
  return were
}

function helperFor(host: string, { credHelpers = {}, credsStore }: ConfigFile): string | undefined {
  const key = [host, keyOf(host)].find((key) => Object.hasOwn(credHelpers, key))
  const name = key === undefined ? credsStore : credHelpers[key]
  if (name === undefined || name === '') return undefined
  if (typeof name === 'string' && /^[\w.-]+$/.test(name)) return `docker-credential-${name}`
  throw new SpecError(
    `${configFile()}: expected the name of a credential helper for ${JSON.stringify(host)}, got ${JSON.stringify(name)}`
  )
}

/** The helper's protocol: a verb as argument, a line on its standard input. @returns undefined if it has no such entry */
async function ask(helper: string, verb: 'get' | 'store' | 'erase', input: string): Promise<string | undefined> {
  const child = spawn(helper, [verb], { stdio: ['pipe', 'pipe', 'pipe'] })
  const status = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(code ?? signal ?? ''))
  })
  child.stdin.on('error', () => {}) // it need not read
  child.stdin.end(input)
  const [output, problems, code] = await Promise.all([text(child.stdout), text(child.stderr), status])
  if (code === 0) return output
  if (verb !== 'store' && NOT_FOUND.test(output + problems)) return undefined
  const got = `${code} (${shown(output || problems)})`
  throw new SpecError(`${helper} ${verb}: expected it to end with 0, got ${got}; see credsStore and credHelpers in ${configFile()}`)
}

function fromHelper(helper: string, output: string): Credentials {
  const { Username, Secret } = parse(`${helper} get`, output) as { Username?: unknown; Secret?: unknown }
  if (typeof Username !== 'string' || typeof Secret !== 'string') {
    throw new SpecError(`${helper} get: expected Username and Secret, got neither or one`)
  }
  return Username === TOKEN_USER ? { identityToken: Secret } : { username: Username, password: Secret }
}

function fromEntry({ auth, username, password, identitytoken }: Entry): Credentials | undefined {
  if (typeof identitytoken === 'string' && identitytoken !== '') return { identityToken: identitytoken }
  if (typeof auth === 'string' && auth !== '') {
    const both = Buffer.from(auth, 'base64').toString()
    const colon = both.indexOf(':')
    if (colon > 0) return { username: both.slice(0, colon), password: both.slice(colon + 1).replace(/\0+$/, '') }
    throw new SpecError(`${configFile()}: auth: expected USER:PASSWORD in base64, got something else; log in again`)
  }
  return typeof username === 'string' && typeof password === 'string' ? { username, password } : undefined
}

const toEntry = (credentials: Credentials): Entry => 'identityToken' in credentials
  ? { identitytoken: credentials.identityToken }
  : { auth: Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64') }

function read(): ConfigFile {
  try {
    return parse(configFile(), readFileSync(configFile(), 'utf8')) as ConfigFile
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

function parse(what: string, json: string): object {
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch { /* said below */ }
  throw new SpecError(`${what}: expected a JSON object, got ${JSON.stringify(shown(json).slice(0, 40))}`)
}

/** Docker's tools indent with tabs. The file may be a link into a repository of settings: then it stays one. */
function write(config: ConfigFile): void {
  mkdirSync(dirname(configFile()), { recursive: true, mode: 0o700 })
  const file = target(configFile())
  const temporary = `${file}.${randomUUID()}`
  try {
    writeFileSync(temporary, `${JSON.stringify(config, undefined, '\t')}\n`, { mode: 0o600, flush: true })
    chmodSync(temporary, 0o600)
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function target(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
