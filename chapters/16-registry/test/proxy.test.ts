// Registries that can only be reached through a proxy.
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseReference } from '@pocker/images'
import { pull, push, type RegistryOptions } from '@pocker/registry'
import { proxyOf } from '../src/client/proxy.ts'
import { basic } from '../src/http/challenge.ts'
import { imageIn, refused, registry, says, selfSigned, store, tidy } from './given.ts'

const test = suite('proxy')
const NAMES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy']
const before = { ...process.env }
test.before.each(() => { for (const name of NAMES) delete process.env[name] })
test.after(() => {
  process.env = before
  tidy()
})

const OPTIONS: RegistryOptions = { credentials: () => undefined, insecure: ['images.test'], tries: 2, pause: 1, idle: 2000 }

/** Whatever one wants to reach through it: one gets to `to`. */
async function proxied(to: string, { refuses = false }, body: (proxy: string, asked: string[]) => Promise<void>): Promise<void> {
  const asked: string[] = []
  const note = (line: string, { 'proxy-authorization': proof = '' }: IncomingHttpHeaders): number => asked.push(`${line} ${proof}`.trim())
  const [host = '', port = ''] = to.split(':')
  const server = createServer((request, response) => {
    note(`${request.method} ${request.url}`, request.headers)
    const { 'proxy-authorization': _, ...headers } = request.headers
    const { pathname, search } = new URL(request.url ?? '')
    request.pipe(httpRequest({ host, port, path: pathname + search, method: request.method, headers }, (answer) => {
      answer.pipe(response.writeHead(answer.statusCode ?? 0, answer.headers))
    }))
  })
  server.on('connect', (request, socket) => {
    note(`CONNECT ${request.url}`, request.headers)
    if (refuses) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    const upstream = connect(Number(port), host, () => { socket.write('HTTP/1.1 200 OK\r\n\r\n') })
    upstream.on('error', () => {}).pipe(socket).on('error', () => {}).pipe(upstream)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    await body(`127.0.0.1:${(server.address() as AddressInfo).port}`, asked)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

test('over HTTPS, the proxy is asked for a tunnel, and sees nothing but the host\'s name', async () => {
  const server = await registry({ tls: selfSigned() })
  try {
    await proxied(server.host, {}, async (proxy, asked) => {
      process.env['HTTPS_PROXY'] = `http://alice:p%40ss@${proxy}/`
      const images = store()
      await imageIn(images, 'images.test/team/app:1', [200_000, 3000])
      const { digest } = await push(images, parseReference('images.test/team/app:1'), OPTIONS)
      assert.is((await pull(store(), parseReference('images.test/team/app:1'), OPTIONS)).digest, digest)
      assert.equal([...new Set(asked)], [`CONNECT images.test:443 ${basic('alice', 'p@ss')}`])
      assert.ok(asked.length <= 8, `${asked.length} tunnels: they are used again`)
    })
  } finally {
    await server.close()
  }
})

test('over HTTP, the proxy gets the request; its password does not go to the registry', async () => {
  const server = await registry()
  try {
    await proxied(server.host, { refuses: true }, async (proxy, asked) => {
      process.env['https_proxy'] = proxy
      process.env['http_proxy'] = `alice:secret@${proxy}`
      const images = store()
      await imageIn(images, 'images.test/team/app:1', [3000])
      await push(images, parseReference('images.test/team/app:1'), OPTIONS)
      assert.equal(asked.slice(0, 2), ['CONNECT images.test:443', `GET http://images.test/v2/ ${basic('alice', 'secret')}`])
    })
  } finally {
    await server.close()
  }
})

test('a proxy that refuses, or is not there, is told apart from the registry', async () => {
  const name = parseReference('images.test/x')
  await proxied('', { refuses: true }, async (proxy) => {
    process.env['HTTPS_PROXY'] = proxy
    says(await refused(pull(store(), name, { ...OPTIONS, insecure: [] })), new RegExp(`proxy ${proxy}: expected a tunnel to images\\.test:443, got 403`))
  })
  says(await refused(pull(store(), name, { ...OPTIONS, insecure: [] })), /proxy 127\.0\.0\.1:\d+: .* connection refused/)
  process.env['HTTPS_PROXY'] = 'socks5://alice:secret@127.0.0.1:1'
  says(await refused(pull(store(), name, { ...OPTIONS, insecure: [] })), /HTTPS_PROXY: expected the address of a proxy, http:\/\/HOST:PORT, got something else$/)
})

test('a proxy that says nothing is given up, and so is one when the pull is stopped', async () => {
  const silent = createServer().on('connect', () => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  process.env['HTTPS_PROXY'] = `127.0.0.1:${(silent.address() as AddressInfo).port}`
  try {
    const options = { ...OPTIONS, insecure: [], tries: 1 }
    says(await refused(pull(store(), parseReference('images.test/x'), { ...options, idle: 100 })), /within 100 ms/)
    const stopped = pull(store(), parseReference('images.test/x'), { ...options, idle: 60_000, signal: AbortSignal.timeout(100) })
    says(await refused(stopped), /stopped before it was done/)
  } finally {
    silent.close()
    silent.closeAllConnections()
  }
})

test('which hosts are asked straight', () => {
  process.env['HTTPS_PROXY'] = 'http://proxy.test:3128'
  process.env['NO_PROXY'] = 'one.test, .two.test,*.three.test,10.0.0.0/8,four.test:5000,[fd00::1]'
  const cases: readonly [string, boolean][] = [
    ['images.test', true], ['one.test', false], ['a.one.test', false], ['done.test', true], ['a.two.test', false], ['a.three.test:5000', false],
    ['10.1.2.3:5000', false], ['11.1.2.3', true], ['four.test:5000', false], ['four.test', true], ['[fd00::1]', false],
    ['localhost:5000', false], ['127.0.0.1:5000', false], ['[::1]:5000', false],
  ]
  for (const [host, expected] of cases) assert.is(proxyOf(new URL(`https://${host}`)) !== undefined, expected, host)
  assert.is(proxyOf(new URL('http://images.test')), undefined)
  process.env['NO_PROXY'] = '*'
  assert.is(proxyOf(new URL('https://images.test')), undefined)
})

test.run()
