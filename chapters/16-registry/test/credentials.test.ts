// Docker's file of logins, credential helpers, login and logout.
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseReference } from '@pocker/images'
import { login, logout, pull, push } from '@pocker/registry'
import { findCredentials, forgetCredentials, keepCredentials } from '../src/client/credentials.ts'
import { directory, imageIn, refused, registry, store, tidy, type Registry } from './given.ts'

const test = suite<{ home: string }>('credentials')
const before = { ...process.env }
test.before.each((context) => {
  context.home = directory()
  process.env['DOCKER_CONFIG'] = context.home
  process.env['PATH'] = `${context.home}/bin:${before['PATH']}`
})
test.after(() => {
  process.env = before
  tidy()
})

const config = (home: string): Record<string, any> => JSON.parse(readFileSync(join(home, 'config.json'), 'utf8')) as Record<string, unknown>
const write = (home: string, value: unknown): void => writeFileSync(join(home, 'config.json'), typeof value === 'string' ? value : JSON.stringify(value))
const auth = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString('base64') })

test('what is kept is found again; the file is only the owner\'s, and what else stands in it stays', async ({ home }) => {
  write(home, { psFormat: 'table', auths: { 'other.example': auth('o:o') } })
  chmodSync(join(home, 'config.json'), 0o644)
  const { file } = await keepCredentials('registry.example:5000', { username: 'alice', password: 'pass:word' })
  assert.is(file, join(home, 'config.json'))
  assert.equal(await findCredentials('registry.example:5000'), { username: 'alice', password: 'pass:word' })
  assert.is(await findCredentials('registry.example'), undefined)
  assert.is(statSync(join(home, 'config.json')).mode & 0o777, 0o600)
  assert.equal(config(home), { psFormat: 'table', auths: { 'other.example': auth('o:o'), 'registry.example:5000': auth('alice:pass:word') } })
  assert.is(await forgetCredentials('registry.example:5000'), true)
  assert.is(await forgetCredentials('registry.example:5000'), false)
  assert.equal(config(home), { psFormat: 'table', auths: { 'other.example': auth('o:o') } })
  assert.equal(readdirSync(home), ['config.json'])
})

test('Docker\'s own registry has an address for a name; old files have one for each', async ({ home }) => {
  write(home, { auths: { 'https://index.docker.io/v1/': auth('hub:h'), 'https://old.example/v1/': auth('old:o'), 'token.example': { identitytoken: 'T' } } })
  assert.equal(await findCredentials('docker.io'), { username: 'hub', password: 'h' })
  assert.equal(await findCredentials('old.example'), { username: 'old', password: 'o' })
  assert.equal(await findCredentials('token.example'), { identityToken: 'T' })
  assert.is(await logout('docker.io'), 'Removing login credentials for docker.io')
  assert.is(await logout('https://index.docker.io/v1/'), 'Not logged in to docker.io')
  await keepCredentials('docker.io', { username: 'new', password: 'n' })
  assert.equal(Object.keys(config(home)['auths']), ['https://old.example/v1/', 'token.example', 'https://index.docker.io/v1/'])
})

test('a file that is a link stays one', async ({ home }) => {
  const real = join(directory(), 'settings.json')
  writeFileSync(real, '{}')
  symlinkSync(real, join(home, 'config.json'))
  await keepCredentials('a.example', { username: 'a', password: 'b' })
  assert.equal(JSON.parse(readFileSync(real, 'utf8')), { auths: { 'a.example': auth('a:b') } })
})

test('a damaged file is said, and is not written over', async ({ home }) => {
  for (const wrong of ['{"auths":', '[]', 'null', '']) {
    write(home, wrong)
    assert.match(await refused(keepCredentials('a.example', { username: 'a', password: 'b' })), /config\.json: expected a JSON object, got /)
    assert.is(readFileSync(join(home, 'config.json'), 'utf8'), wrong)
  }
  write(home, { auths: { 'a.example': auth('nocolon') } })
  assert.match(await refused(findCredentials('a.example')), /auth: expected USER:PASSWORD in base64/)
})

/** A helper that keeps its secrets in a directory, one file for each. */
function helper(home: string, name: string): void {
  mkdirSync(join(home, 'bin'), { recursive: true })
  mkdirSync(join(home, name))
  writeFileSync(join(home, 'bin', `docker-credential-${name}`), `#!${process.execPath}
const fs = require('fs'), dir = ${JSON.stringify(join(home, name))}, input = fs.readFileSync(0, 'utf8')
const file = (key) => dir + '/' + encodeURIComponent(key)
const missing = () => { console.log('credentials not found in native keychain'); process.exit(1) }
const verbs = {
  get: () => fs.existsSync(file(input)) ? console.log(fs.readFileSync(file(input), 'utf8')) : missing(),
  store: () => fs.writeFileSync(file(JSON.parse(input).ServerURL), input),
  erase: () => fs.existsSync(file(input)) ? fs.rmSync(file(input)) : missing(),
}
verbs[process.argv[2]]()
`, { mode: 0o755 })
}

test('a credential helper keeps the secret, for all hosts or for one', async ({ home }) => {
  helper(home, 'all')
  helper(home, 'one')
  write(home, { credsStore: 'all', credHelpers: { 'one.example': 'one' } })
  assert.is(await findCredentials('a.example'), undefined)
  assert.equal(await keepCredentials('a.example', { username: 'a', password: 'secret' }), {})
  await keepCredentials('one.example', { identityToken: 'T' })
  assert.equal([readdirSync(join(home, 'all')), readdirSync(join(home, 'one'))], [['a.example'], ['one.example']])
  assert.equal(await findCredentials('a.example'), { username: 'a', password: 'secret' })
  assert.equal(await findCredentials('one.example'), { identityToken: 'T' })
  assert.not.match(JSON.stringify(config(home)), 'secret')
  assert.is(await logout('a.example'), 'Removing login credentials for a.example')
  assert.equal(readdirSync(join(home, 'all')), [])
})

test('a helper that is missing, or fails, is named', async ({ home }) => {
  write(home, { credsStore: 'none' })
  assert.match(await refused(findCredentials('a.example')), /docker-credential-none get: expected it to end with 0, got spawn docker-credential-none ENOENT/)
  write(home, { credsStore: '../evil' })
  assert.match(await refused(findCredentials('a.example')), /expected the name of a credential helper for "a\.example", got "\.\.\/evil"/)
  mkdirSync(join(home, 'bin'))
  writeFileSync(join(home, 'bin/docker-credential-odd'), '#!/bin/sh\necho "the keychain is locked" >&2; exit 3\n', { mode: 0o755 })
  write(home, { credsStore: 'odd' })
  assert.match(await refused(findCredentials('a.example')), /docker-credential-odd get: expected it to end with 0, got 3 \(the keychain is locked\)/)
  writeFileSync(join(home, 'bin/docker-credential-odd'), '#!/bin/sh\necho "{}"\n')
  assert.match(await refused(findCredentials('a.example')), /docker-credential-odd get: expected Username and Secret/)
})

async function guarded(body: (server: Registry) => Promise<void>): Promise<void> {
  const htpasswd = join(directory(), 'htpasswd')
  writeFileSync(htpasswd, `# people\nalice:${hashSync('secret', 4)}\n\nbob:${hashSync('word', 4)}\n`)
  const server = await registry({ htpasswd })
  try {
    await body(server)
  } finally {
    await server.close()
  }
}

test('who is not logged in is told to; a login is tried before it is kept', async ({ home }) => {
  await guarded(async (server) => {
    const images = store()
    const name = parseReference(`${server.host}/team/app:1`)
    await imageIn(images, `${server.host}/team/app:1`, [1000])
    const hint = `expected a login to ${server.host}, got none; type: pocker login ${server.host}`
    assert.is(await refused(push(images, name)), `RegistryError: ${hint}`)
    assert.is(await refused(pull(images, name)), `RegistryError: pull access denied for ${server.host}/team/app: ${hint}`)
    assert.match(await refused(login({ host: server.host, username: 'alice', password: 'wrong' })), /expected the right user name and password for .*, got 401 unauthorized/)
    assert.equal(readdirSync(home), [])
    const warnings: string[] = []
    const warn = (text: string): void => { warnings.push(text) }
    assert.is(await login({ host: `http://${server.host}/`, username: 'alice', password: 'secret', warn }), 'Login Succeeded')
    assert.equal(warnings, [`
WARNING! Your credentials are stored unencrypted in '${home}/config.json'.
Configure a credential helper to remove this warning. See
https://docs.docker.com/go/credential-store/

`])
    await push(images, name)
    assert.is((await pull(store(), name)).status, 'newer')
    assert.is(await logout(server.host), `Removing login credentials for ${server.host}`)
    assert.match(await refused(pull(store(), name)), /pocker login/)
    write(home, { auths: { [server.host]: auth('alice:old') } })
    assert.match(await refused(pull(store(), name)), /expected a login to .*, got 401; type: pocker login /)
  })
})

test('what a helper keeps needs no warning', async ({ home }) => {
  await guarded(async (server) => {
    helper(home, 'all')
    write(home, { credsStore: 'all' })
    const warn = (text: string): void => { throw new Error(text) }
    assert.is(await login({ host: server.host, username: 'alice', password: 'secret', warn }), 'Login Succeeded')
  })
})

test('a login that cannot be one is refused before anybody is asked', async () => {
  assert.match(await refused(login({ host: 'a b', username: 'a', password: 'b' })), /login: expected a registry's host, got "a b"/)
  assert.match(await refused(login({ host: 'a', username: 'a:b', password: 'b' })), /expected a user name without colon, got "a:b"/)
  assert.match(await refused(login({ host: 'a', username: 'a', password: '' })), /expected a password, got none/)
})

test.run()
