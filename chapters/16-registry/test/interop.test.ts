// Our client at Debian's registry, and other people's clients at ours. The digests are the same everywhere.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseReference } from '@pocker/images'
import { digestOf } from '@pocker/layers'
import { login, pull, push, type Progress, type RegistryOptions } from '@pocker/registry'
import { rootTest } from '@pocker/testing'
import { directory, dockerRegistry, expect, given, imageIn, OCI, parts, refused, registry, says, selfSigned, store, tidy, type Registry } from './given.ts'

interface Context { ours: Registry; theirs: { host: string; close: () => Promise<void> } }
const test = suite<Context>('interop')
const nobody: RegistryOptions = { credentials: () => undefined, tries: 2, pause: 1 }
let [home, policy] = ['', '']
test.before(async (context) => {
  home = directory() // not when the file is loaded: the tests of the other files tidy up before these begin
  policy = join(home, 'policy.json')
  writeFileSync(policy, '{"default":[{"type":"insecureAcceptAnything"}]}')
  context.ours = await registry()
  context.theirs = await dockerRegistry()
})
test.after(async ({ ours, theirs }) => {
  await ours.close()
  await theirs.close()
  tidy()
})

/** Not waited for in the kernel: the server is in this process. */
async function run(...[command, ...args]: [string, ...string[]]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: home, XDG_RUNTIME_DIR: home } })
  let [output, problems] = ['', '']
  child.stdout.on('data', (chunk) => { output += String(chunk) })
  child.stderr.on('data', (chunk) => { problems += String(chunk) })
  const [code] = await once(child, 'close') as [number | null]
  assert.is(code, 0, `${command} ${args.join(' ')}: ${problems}`)
  return output
}
const skopeo = (...args: string[]): Promise<string> => run('skopeo', '--policy', policy, ...args)
interface Inspected { Digest: string; Layers: string[]; RepoTags: string[] }

test('pushed by us to Debian\'s registry, copied from there by skopeo', async ({ theirs }) => {
  const images = store()
  const name = `${theirs.host}/team/app:1`
  const image = await imageIn(images, name, [100_000, 0, 1_000_000], 'to-theirs')
  const { digest } = await push(images, parseReference(name), nobody)
  const seen = JSON.parse(await skopeo('inspect', '--tls-verify=false', `docker://${name}`)) as Inspected
  assert.equal([seen.Digest, seen.Layers.length, seen.RepoTags], [digest, 3, ['1']])
  const layout = directory()
  await skopeo('copy', '--src-tls-verify=false', `docker://${name}`, `oci:${layout}:app`)
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as { manifests: { digest: string }[] }
  assert.is(index.manifests[0]?.digest, image.manifest.digest)
  const pulled = await pull(store(), parseReference(name), nobody)
  assert.equal([pulled.digest, pulled.image.id], [digest, image.id])
})

test('what is in Debian\'s registry is not sent again, and a neighbour\'s layers are mounted', async ({ theirs }) => {
  const images = store()
  const [one, two] = ['neighbour/one:1', 'neighbour/two:1'].map((name) => `${theirs.host}/${name}`) as [string, string]
  const image = await imageIn(images, one, [50_000, 60_000], 'mounted')
  await push(images, parseReference(one), nobody)
  await images.tag(image, parseReference(two))
  const statuses = async (): Promise<string[]> => {
    const told: Progress[] = []
    await push(images, parseReference(two), { ...nobody, progress: (line) => told.push(line) })
    return told.map(({ status }) => status).filter((status) => !['Preparing', 'Pushing'].includes(status))
  }
  assert.equal(await statuses(), ['Mounted from neighbour/one', 'Mounted from neighbour/one'])
  assert.equal(await statuses(), ['Layer already exists', 'Layer already exists'])
  assert.equal(images.find(two).repoDigests.length, 2)
})

test('pushed by skopeo to our registry, in OCI\'s and in Docker\'s form, pulled by us', async ({ ours }) => {
  const layout = directory()
  await given(ours.url, 'source', '1', await parts([200_000, 3], { seed: 'skopeo' }))
  await skopeo('copy', '--src-tls-verify=false', `docker://${ours.host}/source:1`, `oci:${layout}:app`)
  const digests: string[] = []
  for (const format of ['oci', 'v2s2']) {
    const name = `${ours.host}/by/skopeo:${format}`
    await skopeo('copy', '--dest-tls-verify=false', '--format', format, `oci:${layout}:app`, `docker://${name}`)
    const seen = JSON.parse(await skopeo('inspect', '--tls-verify=false', `docker://${name}`)) as Inspected
    const images = store()
    const pulled = await pull(images, parseReference(name), nobody)
    assert.is(pulled.digest, seen.Digest)
    assert.equal(await images.check(), [])
    digests.push(pulled.image.id)
  }
  assert.is(digests[0], digests[1], 'one config, two manifests')
  await skopeo('delete', '--tls-verify=false', `docker://${ours.host}/by/skopeo:oci`)
  says(await refused(pull(store(), parseReference(`${ours.host}/by/skopeo:oci`), nobody)), /manifest for .* not found: manifest unknown/)
})

rootTest(test as never, 'pushed by buildah and by podman to our registry, pulled by us; pushed by us, pulled by podman', async () => {
  const ours = await registry()
  const dir = directory()
  const runroot = mkdtempSync('/tmp/podman-') // podman takes no path of more than 50 letters
  const places = ['--root', join(dir, 'root'), '--runroot', runroot, '--storage-driver', 'vfs']
  try {
    const container = (await run('buildah', ...places, 'from', 'scratch')).trim()
    await run('buildah', ...places, 'config', '--cmd', '["/bin/true"]', container)
    writeFileSync(join(dir, 'file'), 'made by buildah\n')
    await run('buildah', ...places, 'copy', container, join(dir, 'file'), '/file')
    await run('buildah', ...places, 'commit', '--signature-policy', policy, container, 'localhost/made')
    await run('buildah', ...places, 'push', '--signature-policy', policy, '--tls-verify=false', 'localhost/made', `docker://${ours.host}/by/buildah:1`)
    await run('podman', ...places, '--cgroup-manager', 'cgroupfs', 'push', '--signature-policy', policy, '--tls-verify=false', 'localhost/made', `${ours.host}/by/podman:1`)
    const images = store()
    const [one, two] = [await pull(images, parseReference(`${ours.host}/by/buildah:1`), nobody), await pull(images, parseReference(`${ours.host}/by/podman:1`), nobody)]
    assert.is(one.image.id, two.image.id)
    assert.equal([two.image.config.config?.Cmd, await images.check()], [['/bin/true'], []])
    const image = await imageIn(images, `${ours.host}/by/us:1`, [1000], 'podman')
    await push(images, parseReference(`${ours.host}/by/us:1`), nobody)
    const id = await run('podman', ...places, '--cgroup-manager', 'cgroupfs', 'pull', '--quiet', '--signature-policy', policy, '--tls-verify=false', `${ours.host}/by/us:1`)
    assert.is(`sha256:${id.trim()}`, image.id)
  } finally {
    spawnSync('podman', [...places, '--cgroup-manager', 'cgroupfs', 'system', 'reset', '--force'], { stdio: 'ignore' })
    rmSync(runroot, { recursive: true, force: true })
    await ours.close()
  }
})

test('with passwords and a certificate, at both registries', async () => {
  const [tls, htpasswd] = [selfSigned(), join(directory(), 'htpasswd')]
  writeFileSync(htpasswd, `alice:${hashSync('secret', 4).replace('$2b$', '$2y$')}\n`)
  const files = { cert: join(home, 'cert.pem'), key: join(home, 'key.pem') }
  writeFileSync(files.cert, tls.cert)
  writeFileSync(files.key, tls.key)
  const before = process.env['DOCKER_CONFIG']
  process.env['DOCKER_CONFIG'] = directory()
  const servers = [await registry({ tls, htpasswd }), await dockerRegistry({ tls: files, htpasswd })]
  try {
    for (const { host } of servers) {
      const images = store()
      await imageIn(images, `${host}/safe:1`, [1000], host)
      says(await refused(push(images, parseReference(`${host}/safe:1`))), /type: pocker login /)
      assert.is(await login({ host, username: 'alice', password: 'secret' }), 'Login Succeeded')
      const { digest } = await push(images, parseReference(`${host}/safe:1`))
      const seen = JSON.parse(await skopeo('inspect', '--tls-verify=false', '--authfile', join(process.env['DOCKER_CONFIG'], 'config.json'), `docker://${host}/safe:1`)) as Inspected
      assert.is(seen.Digest, digest)
    }
  } finally {
    before === undefined ? delete process.env['DOCKER_CONFIG'] : process.env['DOCKER_CONFIG'] = before
    for (const server of servers) await server.close()
  }
})

test('skopeo copies an index with two platforms into our registry; we take the one that fits', async ({ ours }) => {
  const index = 'application/vnd.oci.image.index.v1+json'
  const both = await Promise.all(['amd64', 'arm64'].map((architecture) => parts([1000], { seed: architecture, architecture })))
  for (const image of both) await given(ours.url, 'platforms', digestOf(image.manifest), image)
  const manifests = both.map(({ manifest }, i) => ({ mediaType: OCI, digest: digestOf(manifest), size: manifest.length, platform: { os: 'linux', architecture: ['amd64', 'arm64'][i] } }))
  const body = JSON.stringify({ schemaVersion: 2, mediaType: index, manifests })
  await expect(201, `${ours.url}/v2/platforms/manifests/1`, { method: 'PUT', body, headers: { 'content-type': index } })
  await skopeo('copy', '--all', '--src-tls-verify=false', '--dest-tls-verify=false', `docker://${ours.host}/platforms:1`, `docker://${ours.host}/copied/platforms:1`)
  const name = parseReference(`${ours.host}/copied/platforms:1`)
  const images = store()
  for (const [i, architecture] of ['amd64', 'arm64'].entries()) {
    const { image, digest } = await pull(images, name, { ...nobody, platform: { os: 'linux', architecture } })
    assert.equal([image.manifest.digest, image.config.architecture, digest], [manifests[i]?.digest, architecture, digestOf(body)])
  }
  says(await refused(pull(images, name, { ...nobody, platform: { os: 'linux', architecture: 's390x' } })), /platform: expected an image for linux\/s390x, got one for linux\/amd64, linux\/arm64/)
  assert.equal(images.find(`${ours.host}/copied/platforms@${digestOf(body)}`).config.architecture, 'arm64')
})

test.run()
