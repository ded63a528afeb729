// What the image `registry` is told by its environment. That it runs is tested with the tool, which bundles it.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { optionsOf } from '../src/image/program.ts'

test('it is configured as Docker\'s registry is', () => {
  assert.equal(optionsOf({ PATH: '/bin' }), { host: '0.0.0.0', port: 5000, root: '/var/lib/registry' })
  const told = { REGISTRY_HTTP_ADDR: '[::1]:80', REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: '/data', REGISTRY_AUTH: 'htpasswd', REGISTRY_AUTH_HTPASSWD_PATH: '/users' }
  const silent = { REGISTRY_AUTH_HTPASSWD_REALM: 'x', REGISTRY_STORAGE_DELETE_ENABLED: 'true', REGISTRY_LOG_LEVEL: 'debug' }
  assert.equal(optionsOf({ ...told, ...silent }), { host: '::1', port: 80, root: '/data', htpasswd: '/users' })
})

test('what it cannot do is refused, in one line that says what it could', () => {
  for (const [env, message] of [
    [{ REGISTRY_HTTP_ADDR: '5000' }, /^REGISTRY_HTTP_ADDR: expected a host and a port, such as .*, got "5000"$/],
    [{ REGISTRY_HTTP_ADDR: ':70000' }, /^REGISTRY_HTTP_ADDR: .* got ":70000"$/],
    [{ REGISTRY_AUTH: 'token' }, /^REGISTRY_AUTH: expected htpasswd, .*, got token and none$/],
    [{ REGISTRY_AUTH_HTPASSWD_PATH: '/users' }, /^REGISTRY_AUTH: expected htpasswd, .*, got none and \/users$/],
    [{ REGISTRY_HTTP_TLS_CERTIFICATE: '/cert' }, /^REGISTRY_HTTP_TLS_KEY: expected a file as well, got none$/],
    [{ REGISTRY_PROXY_REMOTEURL: 'https://mirror.test' }, /^environment: expected of REGISTRY_…: .*; got REGISTRY_PROXY_REMOTEURL$/],
  ] as const) assert.throws(() => optionsOf(env), message, JSON.stringify(env))
})

test.run()
