// The headers that both sides read, and where a registry is.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as fc from 'fast-check'
import { basic, parseBasic, parseChallenges } from '../src/http/challenge.ts'
import { formatUploaded, parseChunk, parseContentRange, parseRange, parseUploaded } from '../src/http/range.ts'
import { endpointsOf, isNamed } from '../src/client/hosts.ts'
import { shown } from '../src/client/errors.ts'
import { directory, tidy } from './given.ts'

test.after(tidy)

const CHALLENGES: Readonly<Record<string, readonly [string, Readonly<Record<string, string>>][]>> = {
  'Basic realm="x"': [['basic', { realm: 'x' }]],
  'Bearer realm="https://a/t",service="s",scope="repository:a/b:pull,push"':
    [['bearer', { realm: 'https://a/t', service: 's', scope: 'repository:a/b:pull,push' }]],
  'bearer REALM=token , Basic realm="a \\"b\\", c"': [['bearer', { realm: 'token' }], ['basic', { realm: 'a "b", c' }]],
  'Negotiate, Basic realm=""': [['negotiate', {}], ['basic', { realm: '' }]],
  'Bearer  realm = "x"': [['bearer', { realm: 'x' }]],
  'realm="x"': [],
  'Bearer realm="unended': [['bearer', {}]],
  '': [],
  '=,"': [],
  'Bearer __proto__="x"': [['bearer', { __proto__: 'x' } as Record<string, string>]],
}
for (const [header, expected] of Object.entries(CHALLENGES)) {
  test(`WWW-Authenticate: ${header || 'nothing'}`, () => {
    const got = parseChallenges(header)
    if (header.includes('__proto__')) return assert.is(Object.getPrototypeOf(got[0]?.parameters ?? {}), null)
    assert.equal(got.map(({ scheme, parameters }) => [scheme, { ...parameters }]), expected)
  })
}

test('whatever a server asks with is read without an error, and soon', () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'Bearl=",\\ \tm1/') , maxLength: 300 }), (header) => Array.isArray(parseChallenges(header))))
})

test('a name and a password come out of a header as they went in', () => {
  for (const [username, password] of [['a', 'b'], ['a', ''], ['ä', 'p:q:ß']] as const) assert.equal(parseBasic(basic(username, password)), { username, password })
  for (const wrong of [undefined, '', 'Basic', 'Basic !', 'Bearer abc', `Basic ${Buffer.from('nocolon').toString('base64')}`]) assert.is(parseBasic(wrong), undefined)
})

test('ranges of a blob of ten bytes', () => {
  const cases: readonly [string | undefined, unknown][] = [
    ['bytes=0-', { start: 0, end: 9 }], ['bytes=3-5', { start: 3, end: 5 }], ['bytes=3-50', { start: 3, end: 9 }], ['bytes=-4', { start: 6, end: 9 }],
    ['bytes=-40', { start: 0, end: 9 }], ['bytes=10-', 'unsatisfiable'], ['bytes=-0', 'unsatisfiable'], ['bytes=5-3', undefined],
    ['bytes=-', undefined], ['bytes=0-1,3-4', undefined], ['lines=0-1', undefined], [undefined, undefined], ['bytes=x-', undefined],
  ]
  for (const [header, expected] of cases) assert.equal(parseRange(header, 10), expected, `${header}`)
})

test('what a server says that it sends, and that it has', () => {
  assert.equal(parseContentRange('bytes 10-99/100'), { start: 10, end: 99, size: 100 })
  assert.equal(parseContentRange('bytes 10-99/*'), { start: 10, end: 99 })
  for (const wrong of [undefined, '', 'bytes 9-1/10', 'bytes */10', '10-99', 'bytes 1-2/3 ']) assert.is(parseContentRange(wrong), undefined)
  assert.equal(parseChunk('0-9'), { start: 0, end: 9 })
  assert.equal(parseChunk('bytes 5-9/10'), { start: 5, end: 9 })
  for (const wrong of ['', '9-0', '-', 'a-b', '1-']) assert.is(parseChunk(wrong), undefined)
  assert.equal([parseUploaded('0-9'), parseUploaded('bytes=0-9'), parseUploaded('0-0'), parseUploaded(undefined), parseUploaded('1-9')],
    [10, 10, undefined, undefined, undefined])
  assert.equal([formatUploaded(10), formatUploaded(0)], ['0-9', '0-0'])
})

test('HTTP is for this machine, and for hosts that are named', () => {
  const named: readonly [string, readonly string[], boolean][] = [
    ['127.0.0.1:5000', ['127.0.0.0/8'], true], ['[::1]:5000', ['::1/128'], true], ['10.1.2.3', ['10.0.0.0/8'], true], ['11.1.2.3', ['10.0.0.0/8'], false],
    ['hub.example:5000', ['hub.example'], true], ['hub.example:5000', ['hub.example:5000'], true],
    ['hub.example:5000', ['hub.example:5001'], false], ['127.0.0.1.example', ['127.0.0.0/8'], false], ['[fd00::1]', ['fd00::/8'], true],
  ]
  for (const [host, list, expected] of named) {
    const { hostname } = new URL(`https://${host}`)
    assert.is(isNamed(hostname, host, list), expected, `${host} in ${list.join()}`)
  }
  assert.throws(() => isNamed('127.0.0.1', '127.0.0.1', ['nonsense/8']), /list of hosts: expected a host or a block as 10\.0\.0\.0\/8, got "nonsense\/8"/)
  const urls = (domain: string, insecure: string[] = []): string[] => endpointsOf(domain, { insecure }).map(({ base }) => base.origin)
  assert.equal(urls('hub.example'), ['https://hub.example'])
  assert.equal(urls('hub.example', ['hub.example']), ['https://hub.example', 'http://hub.example'])
  assert.equal(urls('localhost:5000'), ['https://localhost:5000', 'http://localhost:5000'])
  const unchecked = (domain: string, url: string, insecure: string[] = []): boolean | undefined => endpointsOf(domain, { insecure })[0]?.trust.isUnchecked?.(new URL(url))
  assert.equal([unchecked('hub.example', 'https://hub.example'), unchecked('hub.example', 'https://hub.example', ['hub.example'])], [false, true])
  assert.equal([unchecked('localhost:5000', 'https://localhost:5000'), unchecked('localhost:5000', 'https://auth.example')], [true, false])
})

test('mirrors are for Docker\'s registry, for pulls, and come first', () => {
  const mirrors = ['https://mirror.example', 'http://10.0.0.1:5000']
  assert.equal(endpointsOf('docker.io', { mirrors }).map(({ base, isMirror }) => [base.origin, isMirror]),
    [['https://mirror.example', true], ['http://10.0.0.1:5000', true], ['https://registry-1.docker.io', false]])
  assert.is(endpointsOf('docker.io', { mirrors }, false).length, 1)
  assert.is(endpointsOf('hub.example', { mirrors }).length, 1)
  for (const wrong of ['mirror', 'https://mirror.example/path', 'https://alice:secret@mirror.example', 'ftp://mirror.example']) {
    assert.throws(() => endpointsOf('docker.io', { mirrors: [wrong] }), /expected a host, or a mirror's .* address/)
  }
})

test('certificates lie in a directory for each host; a certificate needs its key', () => {
  const certificates = directory()
  mkdirSync(join(certificates, 'hub.example:5000'))
  writeFileSync(join(certificates, 'hub.example:5000/ca.crt'), 'CA')
  writeFileSync(join(certificates, 'hub.example:5000/client.cert'), 'CERT')
  assert.throws(() => endpointsOf('hub.example:5000', { certificates }), /expected client\.key beside client\.cert, got none/)
  writeFileSync(join(certificates, 'hub.example:5000/client.key'), 'KEY')
  const trust = endpointsOf('hub.example:5000', { certificates })[0]?.trust
  assert.equal([trust?.ca?.at(-1)?.toString(), trust?.cert?.toString(), trust?.key?.toString()], ['CA', 'CERT', 'KEY'])
})

test('what a server says is one line, and not long', () => {
  assert.is(shown('a\n\u001b[31mb\u2028c\u0000'), 'a [31mb c')
  assert.is(shown('x'.repeat(1000)).length, 301)
})

test.run()
