// Tokens: a registry that wants one, and a server that gives it.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseReference } from '@pocker/images'
import { login, pull, push, type RegistryOptions } from '@pocker/registry'
import { connect } from '../src/client/session.ts'
import { directory, imageIn, refused, registry, says, selfSigned, store, tidy, type Registry } from './given.ts'

const test = suite<{ server: Registry }>('tokens')
test.before(async (context) => { context.server = await registry() })
test.after(async ({ server }) => {
  await server.close()
  tidy()
})

async function listening(listener: (request: IncomingMessage, response: ServerResponse) => void): Promise<{ server: Server; host: string }> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, host: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

interface Asked { method: string; query: URLSearchParams; authorization: string | undefined; form: URLSearchParams }
interface Front { host: string; asked: Asked[]; tokens: () => number; authorizations: (string | undefined)[] }

/** Before the registry stands one that lets only tokens in, each for `uses` requests. */
async function fronted(
  behind: string, { uses = Infinity, answer = (token: string): unknown => ({ token }), realm }: { uses?: number; answer?: (token: string) => unknown; realm?: string },
  body: (front: Front) => Promise<void>,
): Promise<void> {
  const [asked, authorizations]: [Asked[], (string | undefined)[]] = [[], []]
  let [count, left] = [0, 0]
  const tokens = await listening(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const { searchParams } = new URL(request.url ?? '', 'http://x')
    asked.push({ method: request.method ?? '', query: searchParams, authorization: request.headers.authorization, form: new URLSearchParams(text) })
    left = uses
    const given = answer(`token-${++count}`)
    typeof given === 'number' && given >= 400 ? response.writeHead(given).end('{"details":"incorrect username or password"}') : response.end(typeof given === 'string' ? given : JSON.stringify(given))
  })
  const front = await listening((request, response) => {
    authorizations.push(request.headers.authorization)
    if (request.headers.authorization !== `Bearer token-${count}` || left-- <= 0) {
      request.resume()
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm ?? `http://${tokens.host}/token`}",service="the registry",scope="x"` }).end()
      return
    }
    const passed = httpRequest(`http://${behind}${request.url}`, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(response)
    })
    request.pipe(passed)
  })
  try {
    await body({ host: front.host, asked, tokens: () => count, authorizations })
  } finally {
    for (const { server } of [front, tokens]) {
      server.close()
      server.closeAllConnections()
    }
  }
}

const alice: RegistryOptions = { credentials: () => ({ username: 'alice', password: 'secret' }), tries: 2, pause: 1 }
const nobody: RegistryOptions = { credentials: () => undefined, tries: 2, pause: 1 }

test('a token is fetched with the password, for what is meant to be done; the registry sees the token only', async ({ server }) => {
  await fronted(server.host, {}, async ({ host, asked, authorizations }) => {
    const images = store()
    await imageIn(images, `${host}/team/app:1`, [1000, 2000])
    await push(images, parseReference(`${host}/team/app:1`), alice)
    assert.is(asked.length, 1)
    const [{ query, authorization }] = asked as [Asked]
    assert.equal([query.get('service'), query.getAll('scope'), query.get('account')], ['the registry', ['repository:team/app:pull,push'], 'alice'])
    assert.is(authorization, `Basic ${Buffer.from('alice:secret').toString('base64')}`)
    assert.equal([...new Set(authorizations)], [undefined, 'Bearer token-1'])
    await pull(store(), parseReference(`${host}/team/app:1`), nobody)
    assert.equal([asked[1]?.authorization, asked[1]?.query.getAll('scope')], [undefined, ['repository:team/app:pull']])
  })
})

test('a token that ends in the middle is renewed, in uploads and downloads too', async ({ server }) => {
  await fronted(server.host, { uses: 2 }, async ({ host, tokens }) => {
    const images = store()
    await imageIn(images, `${host}/renewed/app:1`, [300_000, 400_000], 'renewed')
    const { digest } = await push(images, parseReference(`${host}/renewed/app:1`), { ...alice, parallel: 1 }) // or others use it up
    const there = store()
    assert.is((await pull(there, parseReference(`${host}/renewed/app:1`), { ...alice, parallel: 1 })).digest, digest)
    assert.ok(tokens() >= 5, `${tokens()} tokens`)
    assert.equal(await there.check(), [])
  })
})

test('a token that soon ends is renewed before it is refused', async ({ server }) => {
  await fronted(server.host, { answer: (token) => ({ access_token: token, expires_in: 1 }) }, async ({ host, authorizations }) => {
    await refused(pull(store(), parseReference(`${host}/none/x:1`), nobody))
    assert.is(authorizations.filter((one) => one === undefined).length, 1)
    assert.is(new Set(authorizations).size, authorizations.length, 'none is used twice')
  })
})

test('with an identity token another is asked for, and a login keeps that instead of the password', async ({ server }) => {
  await fronted(server.host, { answer: (token) => ({ token, refresh_token: 'IDENTITY' }) }, async ({ host, asked }) => {
    const home = directory()
    const before = process.env['DOCKER_CONFIG']
    process.env['DOCKER_CONFIG'] = home
    try {
      assert.is(await login({ host, username: 'alice', password: 'secret', warn: (text) => { throw new Error(text) } }), 'Login Succeeded')
      assert.is(asked[0]?.query.get('offline_token'), 'true')
      assert.equal(JSON.parse(readFileSync(join(home, 'config.json'), 'utf8')), { auths: { [host]: { identitytoken: 'IDENTITY' } } })
      says(await refused(pull(store(), parseReference(`${host}/none`))), /manifest unknown/)
    } finally {
      before === undefined ? delete process.env['DOCKER_CONFIG'] : process.env['DOCKER_CONFIG'] = before
    }
    const { method, form } = asked[1] as Asked
    assert.equal([method, form.get('grant_type'), form.get('refresh_token'), form.get('scope')], ['POST', 'refresh_token', 'IDENTITY', 'repository:none:pull'])
  })
})

const ANSWERS: Readonly<Record<string, readonly [unknown, RegExp]>> = {
  'a refusal': [401, /pull access denied for .*\/none: expected a login to .*, got 401 from .*; type: pocker login/],
  'a denial, as GitHub\'s': [403, /pull access denied for .*\/none: expected a login to .*, got 403 from .*; type: pocker login/],
  'a web page': ['<html>', /expected a token, got "<html>"/],
  'a token with a line break': [{ token: 'a\r\nX: y' }, /expected a token, got an answer without a token/],
  'an empty object': [{}, /expected a token, got an answer without a token/],
  'a number': [7, /expected a token, got an answer without a token/],
  'null': ['null', /expected a token, got an answer without a token/],
  'a token without end': [JSON.stringify({ token: 'x'.repeat(2 * 1024 * 1024) }), /expected at most 1048576 bytes, got more/],
  'a token that opens nothing': [{ token: 'wrong' }, /expected a login to .*, got 401; type: pocker login/],
}
for (const [name, [answer, expected]] of Object.entries(ANSWERS)) {
  test(`a token server that gives ${name}: one line`, async ({ server }) => {
    await fronted(server.host, { answer: () => answer }, async ({ host }) => {
      says(await refused(pull(store(), parseReference(`${host}/none`), alice)), expected)
    })
  })
}

test('a token server that is busy is asked again', async ({ server }) => {
  for (const status of [429, 503]) {
    await fronted(server.host, { answer: (token) => token === 'token-1' ? status : { token } }, async ({ host, asked }) => {
      says(await refused(pull(store(), parseReference(`${host}/none`), alice)), /manifest unknown/)
      assert.is(asked.length, 2)
    })
  }
})

test('a token server that is no address is not asked', async ({ server }) => {
  for (const realm of ['nonsense', 'file:///etc/passwd', '']) {
    await fronted(server.host, { realm }, async ({ host, asked }) => {
      says(await refused(pull(store(), parseReference(`${host}/none`), alice)), /expected the https:\/\/ address of a token server, got /)
      assert.is(asked.length, 0)
    })
  }
})

test('a password is not sent to a token server whose certificate nobody knows, though the registry\'s own need not be checked', async () => {
  let asked = 0
  const tokens = createTlsServer(selfSigned(), (_, response) => { asked++; response.end('{"token":"x"}') }).listen(0, '127.0.0.1')
  await once(tokens, 'listening')
  const realm = `https://127.0.0.1:${(tokens.address() as AddressInfo).port}/token`
  const front = createTlsServer(selfSigned(), (_, response) => { response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}"` }).end() }).listen(0, '127.0.0.1')
  await once(front, 'listening')
  const base = new URL(`https://127.0.0.1:${(front.address() as AddressInfo).port}`)
  const at = (isUnchecked: (url: URL) => boolean): Promise<unknown> =>
    connect([{ base, host: base.host, isMirror: false, trust: { isUnchecked } }], { idle: 1000, scopes: [], credentials: () => ({ username: 'alice', password: 'secret' }) })
  try {
    says(await refused(at(({ host }) => host === base.host)), /expected a certificate that can be checked/)
    assert.is(asked, 0)
    says(await refused(at(() => true)), /expected a login/)
    assert.is(asked, 1)
  } finally {
    for (const server of [front, tokens]) {
      server.close()
      server.closeAllConnections()
    }
  }
})

test('what lets us in is not sent to where a redirect leads', async ({ server }) => {
  const images = store()
  await imageIn(images, `${server.host}/led/astray:1`, [1000], 'astray')
  await push(images, parseReference(`${server.host}/led/astray:1`), nobody)
  const seen: (string | undefined)[] = []
  const elsewhere = await listening((request, response) => {
    seen.push(request.headers.authorization)
    httpRequest(`http://${server.host}${request.url}`, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(response)
    }).end()
  })
  const front = await listening((request, response) => {
    if (request.headers.authorization === undefined) return void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    const { url = '' } = request
    if (url.includes('/blobs/')) return void response.writeHead(307, { location: `http://${elsewhere.host}${url}` }).end()
    httpRequest(`http://${server.host}${url}`, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(response)
    }).end()
  })
  try {
    await pull(store(), parseReference(`${front.host}/led/astray:1`), alice)
    assert.equal(seen, [undefined, undefined])
  } finally {
    for (const one of [front, elsewhere]) {
      one.server.close()
      one.server.closeAllConnections()
    }
  }
})

test.run()
