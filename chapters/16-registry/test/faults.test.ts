// Registries that lie, drip, lead astray, or are not there: one clear line, and nothing stored.
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcp, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { OCI_LAYER, parseReference, writeConfig, writeManifest, type Images } from '@pocker/images'
import { digestOf } from '@pocker/layers'
import { pull, push, type RegistryOptions } from '@pocker/registry'
import type { Trust } from '../src/client/connection.ts'
import { connect } from '../src/client/session.ts'
import { OCI, directory, imageIn, noise, parts, refused, registry, says, selfSigned, store, tidy, type Parts } from './given.ts'

const test = suite('faults')
const image: Parts = await parts([50_000], { seed: 'faults' })
const [layer, digest] = [image.layers[0] as Parts['layers'][0], digestOf(image.manifest)]
test.after(tidy)
for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']) delete process.env[name] // this machine's own

type Handler = (request: IncomingMessage, response: ServerResponse) => boolean | void
const QUICK: RegistryOptions = { tries: 3, pause: 1, idle: 300, credentials: () => undefined }

/** A registry that has the image, but for what `odd` does instead: it returns true if it answered. */
async function odd<T>(body: (host: string, images: Images, asked: string[]) => Promise<T>, handler: Handler): Promise<T> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    if (handler(request, response) || response.headersSent) return
    const { url = '' } = request
    if (url === '/v2/') return void response.end('{}')
    if (url.includes('/manifests/')) return void response.writeHead(200, { 'content-type': OCI, 'docker-content-digest': digest }).end(image.manifest)
    const found = [...image.layers, image.config].find(({ descriptor }) => url.endsWith(descriptor.digest))
    found ? response.writeHead(200, { 'content-length': found.bytes.length }).end(found.bytes) : response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await body(`127.0.0.1:${(server.address() as AddressInfo).port}`, store(), asked)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

/** Nothing is listed, nothing is damaged, and no blob has the name of what was lied about. */
async function nothing(images: Images): Promise<void> {
  assert.equal([images.list(), await images.check(), images.blobs.has(layer.descriptor.digest)], [[], [], false])
}

const isLayer = ({ url = '' }: IncomingMessage): boolean => url.endsWith(layer.descriptor.digest)
const isManifest = ({ url = '' }: IncomingMessage): boolean => url.includes('/manifests/')
const flipped = Buffer.from(layer.bytes)
flipped[1000] = (flipped[1000] ?? 0) ^ 1

/** What it does, and what is said of it. */
const LIES: Readonly<Record<string, readonly [Handler, RegExp]>> = {
  'a flipped bit': [(request, response) => isLayer(request) && !!response.end(flipped), /blob sha256:\w+: expected its content, got that of sha256:/],
  'a blob that is too short': [(request, response) => isLayer(request) && !!response.end(layer.bytes.subarray(1)), /expected \d+ bytes, got \d+/],
  'a blob that is short, without a length':
    [(request, response) => isLayer(request) && (response.write(layer.bytes.subarray(0, 100)), !!response.end()), /expected \d+ bytes, got 100 before the connection was cut/],
  'a blob that is too long': [(request, response) => isLayer(request) && !!response.end(Buffer.concat([layer.bytes, Buffer.from('x')])), /expected \d+ bytes, got \d+/],
  'a blob without end': [(request, response) => {
    if (!isLayer(request)) return
    const more = (): void => { while (!response.destroyed && response.write(Buffer.alloc(65536))); response.once('drain', more) }
    more()
    return true
  }, /expected \d+ bytes, got more/],
  'a compressed blob': [(request, response) => isLayer(request) && !!response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(layer.bytes)), /expected \d+ bytes, got .* gzip/],
  'redirects without end': [({ url }, response) => url !== '/v2/' && !!response.writeHead(307, { location: `${url}x` }).end(), /expected at most 5 redirects, got more/],
  'a redirect to nowhere': [(request, response) => isLayer(request) && !!response.writeHead(307).end(), /expected a Location that is an address, got ""/],
  'a redirect to a file': [(request, response) => isLayer(request) && !!response.writeHead(307, { location: 'file:///etc/passwd' }).end(), /expected a Location that is an address, got "file:/],
  'silence': [(request) => isLayer(request), /expected 1024 bytes or more within 300 ms, got \d+/],
  'silence in the middle': [(request, response) => isLayer(request) && (response.write(layer.bytes.subarray(0, 20_000)), true), /expected 1024 bytes or more within 300 ms/],
  'bytes that drip': [(request, response) => {
    if (!isLayer(request)) return
    const timer = setInterval(() => { response.write(layer.bytes.subarray(0, 1)) }, 10)
    response.once('close', () => clearInterval(timer))
    return true
  }, /expected 1024 bytes or more within 300 ms/],
  'a manifest with another digest than it says':
    [(request, response) => isManifest(request) && !!response.writeHead(200, { 'content-type': OCI, 'docker-content-digest': digestOf('x') }).end(image.manifest), /manifest latest: expected content of sha256:/],
  'a manifest that is no JSON': [(request, response) => isManifest(request) && !!response.writeHead(200, { 'content-type': OCI }).end('<html>\n'), /manifest: expected JSON, got "<html>/],
  'a manifest without end': [(request, response) => {
    if (!isManifest(request)) return
    const more = (): void => { while (!response.destroyed && response.write(Buffer.alloc(65536, ' '))); response.once('drain', more) }
    more()
    return true
  }, /expected at most 4194304 bytes, got more/],
  'a manifest of schema 1': [(request, response) =>
    isManifest(request) && !!response.writeHead(200, { 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' }).end('{"schemaVersion":1}'), /schema 1/],
  'a web page': [(_, response) => !!response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'), /manifest: expected the parts of an image, got "text\/html"/],
  'too many requests': [(request, response) => isManifest(request) && !!response.writeHead(429, { 'retry-after': '0' }).end('slow\ndown'), /toomanyrequests: .* got 429 \(slow down\)/],
  'a broken server': [(request, response) => isManifest(request) && !!response.writeHead(503).end(), /expected 200, got 503/],
  'a denial': [(request, response) => isManifest(request) && !!response.writeHead(403).end('{"errors":[{"code":"DENIED","message":"no\\nno"}]}'), /pull access denied for .*got 403 \(denied: no no\); type: pocker login/],
  'no bytes of HTTP': [({ socket }) => !!socket.end('garbage\r\n\r\n'), /expected HTTP, got: /],
  'a question that nobody knows': [(_, response) => !!response.writeHead(401, { 'www-authenticate': 'Negotiate' }).end(), /expected a question for Basic or Bearer, got "Negotiate"/],
  'a config for fewer layers': [((): Handler => {
    const config = writeConfig({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } })
    const manifest = writeManifest({ digest: digestOf(config), size: config.length }, [layer.descriptor])
    return ({ url = '' }, response) => url.includes('/manifests/') ? !!response.writeHead(200, { 'content-type': OCI }).end(manifest) : url.endsWith(digestOf(config)) && !!response.end(config)
  })(), /image: expected as many layers as diff_ids, 0, got 1/],
}
for (const [name, [handler, expected]] of Object.entries(LIES)) {
  test(`${name}: one line, and nothing stored`, async () => {
    await odd(async (host, images) => {
      const message = await refused(pull(images, parseReference(`${host}/odd`), QUICK))
      says(message, expected)
      await nothing(images)
    }, handler)
  })
}

test('a layer that is no archive is refused when it is unpacked; the image is not entered', async () => {
  const bytes = gzipSync(noise('no tar', 5000))
  const descriptor = { mediaType: `${OCI_LAYER}+gzip`, digest: digestOf(bytes), size: bytes.length }
  const config = writeConfig({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [digestOf(noise('no tar', 5000))] } })
  const manifest = writeManifest({ digest: digestOf(config), size: config.length }, [descriptor])
  const cut = writeManifest({ digest: digestOf(config), size: config.length }, [{ ...descriptor, digest: digestOf(bytes.subarray(0, 3000)), size: 3000 }])
  for (const given of [manifest, cut]) {
    await odd(async (host, images) => {
      says(await refused(pull(images, parseReference(`${host}/odd`), QUICK)), /archive: /)
      assert.equal([images.list(), images.layers.list(), await images.check()], [[], [], []])
    }, ({ url = '' }, response) => {
      if (url.includes('/manifests/')) return !!response.writeHead(200, { 'content-type': OCI }).end(given)
      const known = [bytes, bytes.subarray(0, 3000), config].find((one) => url.endsWith(digestOf(one)))
      return known !== undefined && !!response.end(known)
    })
  }
})

test('a Content-Range of other bytes is not taken; what came before stays', async () => {
  let first = true
  await odd(async (host, images) => {
    says(await refused(pull(images, parseReference(`${host}/odd`), QUICK)), /expected Content-Range bytes 20000-\d+\/\d+, got bytes 0-9\/10/)
    assert.ok(readdirSync(join(images.blobs.root, 'ingest')).length > 0)
    await nothing(images)
  }, (request, response) => {
    if (!isLayer(request)) return
    if (request.headers.range !== undefined) return !!response.writeHead(206, { 'content-range': 'bytes 0-9/10' }).end()
    first = false
    response.write(layer.bytes.subarray(0, 20_000), () => response.destroy())
    return true
  })
  assert.not.ok(first)
})

test('a server that knows no ranges sends all of it again, and that is enough', async () => {
  let requests = 0
  await odd(async (host, images) => {
    assert.is((await pull(images, parseReference(`${host}/odd`), QUICK)).status, 'newer')
    assert.equal(await images.check(), [])
  }, (request, response) => {
    if (!isLayer(request) || requests++ > 0) return
    response.writeHead(200, { 'content-length': layer.bytes.length }).write(layer.bytes.subarray(0, 20_000), () => response.destroy())
    return true
  })
  assert.is(requests, 2)
})

test('what is busy is asked again, as often as said, and not more often', async () => {
  for (const [times, tries, succeeds] of [[2, 3, true], [3, 3, false]] as const) {
    let refusals = 0
    await odd(async (host, images, asked) => {
      const pulled = pull(images, parseReference(`${host}/odd`), { ...QUICK, tries })
      succeeds ? assert.is((await pulled).status, 'newer') : says(await refused(pulled), /got 503/)
      assert.is(asked.filter((line) => line.endsWith(layer.descriptor.digest)).length, 3)
    }, (request, response) => isLayer(request) && refusals++ < times && !!response.writeHead(503).end())
  }
})

test('a pull that is stopped ends at once, and lets go', async () => {
  const stop = new AbortController()
  await odd(async (host, images) => {
    says(await refused(pull(images, parseReference(`${host}/odd`), { ...QUICK, idle: 60_000, signal: stop.signal })), /stopped before it was done/)
    await nothing(images)
  }, (request) => {
    if (isLayer(request)) stop.abort()
    return isLayer(request)
  })
})

test('nobody there, no such name, HTTP where HTTPS is wanted, a certificate that nobody knows', async () => {
  const free = createTcp().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as AddressInfo
  free.close()
  says(await refused(pull(store(), parseReference(`127.0.0.1:${port}/x`), QUICK)), /127\.0\.0\.1:\d+: expected a registry, got: connection refused; see whether it runs/)
  says(await refused(pull(store(), parseReference('registry.invalid/x'), QUICK)), /registry\.invalid: expected an address for the name, got: no such host \(\w+\); check the name/)
  const strict = (host: string, trust: Trust = {}): Promise<unknown> => connect(
    [{ base: new URL(`https://${host}`), host, isMirror: false, trust }],
    { idle: 1000, scopes: [], credentials: () => undefined },
  ).then((session) => session.close())
  await odd(async (host) => {
    says(await refused(strict(host)), /expected HTTPS, got: server gave HTTP response to HTTPS client; name it among the insecure registries/)
  }, () => {})
  const tls = selfSigned()
  const server = await registry({ tls })
  try {
    says(await refused(strict(server.host)), new RegExp(`${server.host}: expected a certificate that can be checked, got: x509: .*; put its CA into /etc/docker/certs\\.d/${server.host}/ca\\.crt`))
    await strict(server.host, { ca: [tls.cert] })
    const before = process.env['SSL_CERT_FILE']
    process.env['SSL_CERT_FILE'] = join(directory(), 'roots.pem')
    writeFileSync(process.env['SSL_CERT_FILE'], tls.cert)
    try {
      await strict(server.host) // whom the machine trusts
    } finally {
      before === undefined ? delete process.env['SSL_CERT_FILE'] : process.env['SSL_CERT_FILE'] = before
    }
  } finally {
    await server.close()
  }
})

test('a push to a registry that takes nothing is told in one line', async () => {
  const images = store()
  await odd(async (host) => {
    await imageIn(images, `${host}/odd`, [1000])
    says(await refused(push(images, parseReference(`${host}/odd`), QUICK)), /expected 202, got 405 \(read only: really\)/)
  }, ({ method }, response) => method === 'POST' && !!response.writeHead(405).end('{"errors":[{"code":"READ_ONLY","message":"really"}]}'))
  await odd(async (host) => {
    await images.tag(images.list()[0] as never, parseReference(`${host}/odd`))
    says(await refused(push(images, parseReference(`${host}/odd`), QUICK)), /expected the registry to store sha256:\w+, got "sha256:0"/)
  }, ({ method }, response) => method === 'HEAD' ? !!response.end() : method === 'PUT' && !!response.writeHead(201, { 'docker-content-digest': 'sha256:0' }).end())
})

/** Takes what is pushed, but for what the other does instead. */
const taking = (other: Handler): Handler => (request, response) => {
  if (request.url === '/v2/' || other(request, response)) return
  request.resume()
  const status = { HEAD: 404, POST: 202, PUT: 201 }[request.method ?? ''] ?? 204
  request.once('end', () => void response.writeHead(status, { location: '/v2/odd/blobs/uploads/1' }).end())
  return true
}

test('a registry that does not let us mount from a neighbour gets the bytes', async () => {
  for (const status of [400, 401, 403, 405]) {
    const images = store()
    await odd(async (host, _, asked) => {
      const image = await imageIn(images, `${host}/odd`, [1000])
      await images.pushed(image, parseReference(`${host}/neighbour:1`), image.manifest.digest)
      await push(images, parseReference(`${host}/odd`), QUICK)
      assert.is(asked.filter((line) => line.includes('mount=')).length, 2, `${asked.join()}`)
      assert.is(asked.filter((line) => line.startsWith('PUT ')).length, 3, `${asked.join()}`)
    }, taking(({ url = '' }, response) => url.includes('mount=') && !!response.writeHead(status, { 'www-authenticate': 'Basic realm="x"' }).end()))
  }
})

test('where a registry does not say how much of a cut upload arrived, it is begun anew', async () => {
  for (const status of [400, 404, 405]) {
    const images = store()
    let cuts = 0
    await odd(async (host, _, asked) => {
      await imageIn(images, `${host}/odd`, [1000])
      await push(images, parseReference(`${host}/odd`), QUICK)
      assert.is(asked.filter((line) => line.startsWith('POST ')).length, 3, `${asked.join()}`)
    }, taking(({ method, socket }, response) => {
      if (method === 'GET') return !!response.writeHead(status).end()
      return method === 'PUT' && cuts++ === 0 && !!socket.destroy()
    }))
  }
})

test('an upload that its registry has forgotten is begun anew', async () => {
  const images = store()
  let forgotten = 0
  await odd(async (host, _, asked) => {
    await imageIn(images, `${host}/odd`, [1000])
    await push(images, parseReference(`${host}/odd`), QUICK)
    assert.is(asked.filter((line) => line.startsWith('POST ')).length, 3, `${asked.join()}`)
  }, taking(({ method, url = '' }, response) => {
    if (method === 'GET') return !!response.writeHead(404).end()
    return method === 'PUT' && url.includes('/blobs/') && forgotten++ === 0 && !!response.writeHead(404).end()
  }))
})

test('who is asked to wait for hours is told so at once', async () => {
  await odd(async (host, images, asked) => {
    says(await refused(pull(images, parseReference(`${host}/odd`), QUICK)), /toomanyrequests: .* got 429/)
    assert.is(asked.filter((line) => line.includes('/manifests/')).length, 1)
  }, (request, response) => isManifest(request) && !!response.writeHead(429, { 'retry-after': '7200' }).end())
})

test('what one mirror says wrongly comes from the next', async () => {
  await odd(async (lying) => {
    await odd(async (honest, images) => {
      await pull(images, parseReference('odd'), { ...QUICK, mirrors: [`http://${lying}`, `http://${honest}`] })
      assert.equal(await images.check(), [])
    }, () => {})
  }, (request, response) => isLayer(request) && !!response.end(flipped))
})

test.run()
