// The commands for images, as a user types them; each is a process of its own.
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { serve, type Logged, type Served } from '@pocker/registry'
import { rootTest } from '@pocker/testing'

const bin = fileURLToPath(new URL('../bin/pocker.mjs', import.meta.url))
let dir = ''
const path = (name: string): string => join(dir, name)
const env = (root = 'root'): NodeJS.ProcessEnv =>
  ({ ...process.env, NO_COLOR: '1', TZ: 'UTC', POCKER_ROOT: path(root), DOCKER_CONFIG: path('docker'), POCKER_CONFIG: path('daemon.json') })
test.before.each(() => { dir = mkdtempSync(join(tmpdir(), 'pocker-images-')) })
test.after.each(() => rmSync(dir, { recursive: true, force: true }))

interface Result { readonly status: number | null; readonly stdout: string; readonly stderr: string }
interface Place { readonly root?: string; readonly input?: string | Buffer; readonly before?: readonly string[] }

async function pocker(args: readonly string[], { root, input = '', before = [] }: Place = {}): Promise<Result> {
  const [file = '', ...rest] = [...before, process.execPath, bin, ...args]
  const child = spawn(file, rest, { env: env(root), stdio: 'pipe' })
  child.stdin.on('error', () => {}).end(input)
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]) as [string, string, [number | null]]
  return { status, stdout, stderr }
}
/** What it prints, if it does nothing but that. */
async function printed(args: readonly string[], place?: Place): Promise<string> {
  const { status, stdout, stderr } = await pocker(args, place)
  assert.equal({ args, status, stderr }, { args, status: 0, stderr: '' })
  return stdout
}
async function refused(args: readonly string[], place?: Place): Promise<string> {
  const { status, stdout, stderr } = await pocker(args, place)
  assert.equal({ args, status, stdout }, { args, status: 1, stdout: '' })
  assert.match(stderr, /^pocker: [^\n]+\n$/)
  return stderr.slice('pocker: '.length, -1)
}

/** An image of one file, whose text it is. @returns its id */
async function made(reference: string, content: string, ...flags: string[]): Promise<string> {
  mkdirSync(path('files'), { recursive: true })
  writeFileSync(path('files/hello'), content)
  const { stdout } = spawnSync('tar', ['-C', path('files'), '-c', 'hello'], { encoding: 'buffer' })
  const id = await printed(['import', ...flags, '-', reference], { input: stdout })
  assert.match(id, /^sha256:[0-9a-f]{64}\n$/)
  return id.trim()
}
const short = (id: string): string => id.slice(7, 19)
const inspected = async (template: string, image: string): Promise<string> => (await printed(['image', 'inspect', '-f', template, image])).trim()

test('without images there is a heading, and nothing is made', async () => {
  assert.is(await printed(['images']), 'REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n')
  assert.equal([await printed(['images', '-q']), await printed(['image', 'inspect', '--format', '{{.Id}}', 'x']).catch(() => 'refused')], ['', 'refused'])
  assert.equal(readdirSync(dir), [])
})

rootTest(test, 'an archive of files becomes an image, which is listed, inspected, and told the history of', async () => {
  const id = await made('team/app:1', '12345', '-c', 'CMD ["sh"]', '-c', 'LABEL a=b', '-m', 'by hand')
  const table = await printed(['images'])
  assert.match(table, new RegExp(`^REPOSITORY   TAG       IMAGE ID       CREATED +SIZE\nteam/app     1         ${short(id)}   .* ago   5B\n$`))
  assert.is(await printed(['image', 'ls', '--no-trunc', '-q']), `${id}\n`)
  assert.is(await printed(['images', '--format', 'table {{.Repository}}\\t{{.Tag}}\\t{{.Size}}']), 'REPOSITORY   TAG       SIZE\nteam/app     1         5B\n')
  assert.is(await inspected('{{.Id}} {{.Config.Cmd}} {{index .Config.Labels "a"}} {{.Config.Entrypoint}} {{json .Config.Volumes}}', short(id)), `${id} [sh] b [] null`)
  const [whole] = JSON.parse(await printed(['image', 'inspect', 'team/app:1'])) as [{ Id: string; RepoTags: string[] }]
  assert.equal([whole.Id, whole.RepoTags], [id, ['team/app:1']])
  const [heading = '', row = ''] = (await printed(['history', 'team/app:1'])).split('\n')
  assert.match(heading, /^IMAGE {10}CREATED +CREATED BY +SIZE +COMMENT$/)
  assert.match(row, new RegExp(`^${short(id)} {3}\\S.*ago {3}.* {3}5B {8}by hand$`))
  assert.match(await printed(['history', '--human=false', '--no-trunc', 'team/app:1']), new RegExp(`^IMAGE {61} +CREATED AT .*\n${id} .* 5 +by hand\n$`))
  assert.match(await printed(['image', 'tree', 'team/app:1']), new RegExp(`^team/app:1 +${short(id)} +5B\n└─ +5B  [0-9a-f]{12} `))
  assert.match(await printed(['image', 'tree', '--svg', 'team/app:1']), /^<svg [^]*<\/svg>\n?$/)
})

rootTest(test, 'names come and go, and the image with the last of them', async () => {
  const id = await made('app:1', 'a')
  assert.is(await printed(['tag', 'app:1', 'localhost:5000/app']), '')
  assert.is(await printed(['image', 'tag', short(id), 'other:x']), '')
  assert.equal((await printed(['images', '--format', '{{.Repository}}:{{.Tag}}'])).trim().split('\n').toSorted(), ['app:1', 'localhost:5000/app:latest', 'other:x'])
  assert.is(await refused(['rmi', short(id)]), `conflict: unable to delete ${short(id)} (must be forced) - image is referenced in multiple repositories`)
  assert.is(await printed(['rmi', 'app:1', 'localhost:5000/app']), 'Untagged: app:1\nUntagged: localhost:5000/app:latest\n')
  assert.match(await printed(['image', 'rm', 'other:x']), new RegExp(`^Untagged: other:x\nDeleted: ${id}\nDeleted: sha256:[0-9a-f]{64}\n$`))
  assert.is(await printed(['images', '-q']), '')
  assert.is(await refused(['rmi', 'app:1']), 'No such image: app:1')
  const { status, stderr } = await pocker(['rmi', '-f', 'app:1'])
  assert.equal([status, stderr], [0, 'pocker: No such image: app:1\n'])
})

rootTest(test, 'of several words, one that is wrong does not keep the others from being done', async () => {
  const id = await made('app:1', 'a')
  const looked = await pocker(['image', 'inspect', '-f', '{{.Id}}', 'nope', 'app:1'])
  assert.equal([looked.status, looked.stdout, looked.stderr], [1, `${id}\n`, 'pocker: No such image: nope:latest\n'])
  const gone = await pocker(['rmi', 'nope', 'app:1'])
  assert.equal([gone.status, gone.stdout.split('\n')[0], gone.stderr], [1, 'Untagged: app:1', 'pocker: No such image: nope:latest\n'])
})

rootTest(test, 'filters and patterns choose among the images', async () => {
  await made('one:1', 'a', '-c', 'LABEL x=1')
  await made('two:1', 'b')
  const old = await made('two:2', 'c')
  await made('two:2', 'd') // takes the name away
  const ids = async (...args: string[]): Promise<string[]> => (await printed(['images', '--format', '{{.Repository}}:{{.Tag}}', ...args])).split('\n').filter(Boolean).toSorted()
  assert.equal(await ids(), ['<none>:<none>', 'one:1', 'two:1', 'two:2'])
  assert.equal([await ids('two'), await ids('t*:1'), await ids('two:2'), await ids('three')], [['two:1', 'two:2'], ['two:1'], ['two:2'], []])
  assert.equal([await ids('-f', 'dangling=true'), await ids('--filter=label=x=1'), await ids('-f', 'reference=one')], [['<none>:<none>'], ['one:1'], ['one:1']])
  assert.equal(await ids('-f', 'before=one:1'), [])
  assert.equal(await ids('-f', 'until=1h'), [])
  assert.is(await printed(['images', '-q', '-f', 'dangling=true', '--no-trunc']), `${old}\n`)
})

rootTest(test, 'prune asks first, and takes what has no name', async () => {
  await made('app:1', 'a')
  const id = await made('app:1', 'b').then(() => printed(['images', '-q', '--no-trunc', '-f', 'dangling=true'])).then((line) => line.trim())
  const question = 'WARNING! This will remove all dangling images.\nAre you sure you want to continue? [y/N] '
  assert.is(await printed(['image', 'prune'], { input: 'n\n' }), question)
  assert.is(await printed(['image', 'prune']), question)
  const answer = await printed(['image', 'prune'], { input: 'y\n' })
  assert.match(answer.slice(question.length), new RegExp(`^Deleted Images:\ndeleted: ${id}\ndeleted: sha256:[0-9a-f]{64}\n\nTotal reclaimed space: [\\d.]+k?B\n$`))
  assert.is(await printed(['image', 'prune', '-f']), 'Total reclaimed space: 0B\n')
  assert.match(await printed(['image', 'prune', '--all=true', '-f', '--filter', 'label!=x']), /^Deleted Images:\nuntagged: app:1\n/)
})

rootTest(test, 'images go into an archive and come out of it, here and elsewhere, with the same ids', async () => {
  const ids = [await made('one:1', 'a'), await made('two:1', 'b')]
  assert.is(await printed(['save', '-o', path('both.tar'), 'one:1', 'two:1']), '')
  assert.equal(readdirSync(dir).filter((name) => name.includes('.new')), [])
  assert.is(await printed(['load', '-i', path('both.tar')], { root: 'elsewhere' }), 'Loaded image: one:1\nLoaded image: two:1\n')
  assert.equal((await printed(['images', '-q', '--no-trunc'], { root: 'elsewhere' })).trim().split('\n').toSorted(), ids.toSorted())
  const child = spawn(process.execPath, [bin, 'image', 'save', ids[0] as string], { env: env(), stdio: ['ignore', 'pipe', 'inherit'] })
  const archive = await buffer(child.stdout)
  assert.is(await printed(['image', 'load', '-q'], { root: 'third', input: archive }), `Loaded image ID: ${ids[0]}\n`)
})

rootTest(test, 'an archive that cannot be written or read is told in one line, and leaves nothing', async () => {
  await made('app:1', 'a')
  assert.is(await refused(['save', '-o', dir, 'app:1']), `--output: expected a file, got ${JSON.stringify(dir)}, which is a directory`)
  assert.match(await refused(['save', '-o', path('no/such/dir.tar'), 'app:1']), /^ENOENT: no such file or directory, open /)
  assert.is(await refused(['save', '-o', path('x.tar'), 'app:1', 'nope']), 'No such image: nope:latest')
  assert.match(await refused(['load', '-i', path('x.tar')]), /^ENOENT: /)
  await refused(['load'], { input: 'no archive' })
  await refused(['import', '-', 'x:y'], { input: 'no archive' })
  assert.equal(readdirSync(dir).toSorted(), ['files', 'root'])
  assert.is(await printed(['image', 'check']), '1 images, all whole\n')
})

rootTest(test, 'check tells a damaged blob, and ends with 1', async () => {
  await made('app:1', 'a')
  const blobs = path('root/images/blobs/sha256')
  const largest = readdirSync(blobs).map((name) => join(blobs, name)).toSorted((a, b) => statSync(b).size - statSync(a).size)[0] as string
  const bytes = readFileSync(largest)
  bytes[bytes.length - 1] = 255 - (bytes.at(-1) ?? 0)
  writeFileSync(largest, bytes)
  const { status, stdout, stderr } = await pocker(['image', 'check'])
  assert.equal([status, stdout], [1, ''])
  assert.match(stderr, /\npocker: images: expected all of it whole, got \d+ damages?; /)
})

/** Runs with a registry of our own, which tells what it was asked for. */
async function withRegistry(body: (host: string, asked: Logged[], registry: Served) => Promise<void>, options: { htpasswd?: string } = {}): Promise<void> {
  const asked: Logged[] = []
  const registry = await serve({ root: path('registry'), port: 0, log: (line) => void asked.push(line), ...options })
  try {
    await body(new URL(registry.url).host, asked, registry)
  } finally {
    await registry.close()
  }
}

rootTest(test, 'push and pull print what docker prints, to the byte', async () => {
  await withRegistry(async (host) => {
    const name = `${host}/team/app`
    const id = await made(name, 'a')
    const layer = JSON.parse(readFileSync(blobOf(await manifestOf(name)), 'utf8')) as { layers: { digest: string }[] }
    const [layerId, manifest] = [short(layer.layers[0]?.digest ?? ''), await manifestOf(name)]
    const size = statSync(blobOf(manifest)).size
    const pushing = `Using default tag: latest\nThe push refers to repository [${name}]\n`
    const end = `latest: digest: ${manifest} size: ${size}\n`
    assert.is(await printed(['push', name]), `${pushing}${layerId}: Preparing\n${layerId}: Pushed\n${end}`)
    assert.is(await printed(['push', name]), `${pushing}${layerId}: Preparing\n${layerId}: Layer already exists\n${end}`)
    assert.is(await printed(['push', '-q', name]), `${name}:latest\n`)
    assert.is(await inspected('{{join .RepoDigests ","}}', name), `${name}@${manifest}`)

    const fresh = { root: 'elsewhere' }
    const [using, from] = ['Using default tag: latest\n', 'latest: Pulling from team/app\n']
    const lines = `${layerId}: Pulling fs layer\n${layerId}: Download complete\n${layerId}: Pull complete\n`
    const got = (await printed(['pull', name], fresh)).replace(`${layerId}: Verifying Checksum\n`, '')
    assert.is(got, `${using}${from}${lines}Digest: ${manifest}\nStatus: Downloaded newer image for ${name}:latest\n${name}:latest\n`)
    const again = `${from}${layerId}: Already exists\nDigest: ${manifest}\nStatus: Image is up to date for ${name}:latest\n${name}:latest\n`
    assert.is(await printed(['pull', `${name}:latest`], fresh), again)
    assert.is(await printed(['image', 'pull', '--quiet', name], fresh), `${name}:latest\n`)
    assert.is(await printed(['images', '--no-trunc', '-q'], fresh), `${id}\n`)

    const byDigest = `${name}@${manifest}`
    const third = await printed(['pull', byDigest], { root: 'third' })
    assert.ok(third.startsWith(`${byDigest}: Pulling from team/app\n`) && third.endsWith(`Status: Downloaded newer image for ${byDigest}\n${byDigest}\n`), third)
  })
})

const blobOf = (digest: string): string => path(`root/images/blobs/${digest.replace(':', '/')}`)
async function manifestOf(name: string): Promise<string> {
  const { manifests } = JSON.parse(readFileSync(path('root/images/index.json'), 'utf8')) as { manifests: { digest: string; annotations?: Record<string, string> }[] }
  const found = manifests.find(({ annotations = {} }) => Object.values(annotations).some((value) => value.startsWith(name)))
  return found?.digest ?? ''
}

rootTest(test, 'push --all-tags sends every tag of a repository', async () => {
  await withRegistry(async (host) => {
    await made(`${host}/app:1`, 'a')
    await made(`${host}/app:2`, 'b')
    await made(`${host}/other:3`, 'c')
    const sent = (await printed(['push', '-a', `${host}/app`])).split('\n')
    assert.equal(sent.filter((line) => / digest: /.test(line)).map((line) => line.split(':')[0]).toSorted(), ['1', '2'])
    assert.equal([await (await fetch(`http://${host}/v2/app/tags/list`)).json(), (await fetch(`http://${host}/v2/other/tags/list`)).status], [{ name: 'app', tags: ['1', '2'] }, 404])
    const fresh = { root: 'elsewhere' }
    assert.ok((await printed(['pull', '-a', `${host}/app`], fresh)).endsWith(`\n${host}/app\n`))
    assert.is(await printed(['images', '--format', '{{.Tag}}'], fresh), '2\n1\n')
    assert.match(await refused(['pull', '-a', `${host}/none`], fresh), /^127\.0\.0\.1:\d+: expected 200, got 404 \(name unknown/)
    for (const verb of ['push', 'pull']) assert.is(await refused([verb, '-a', `${host}/app:1`]), 'tag can\'t be used with --all-tags/-a')
    assert.is(await refused(['push', '-a', `${host}/none`]), `An image does not exist locally with the tag: ${host}/none`)
  })
})

rootTest(test, 'what a registry does not have, or refuses, is one line, and nothing is stored', async () => {
  await withRegistry(async (host) => {
    assert.match(await refused(['pull', '-q', `${host}/app:nope`]), new RegExp(`^manifest for ${host}/app:nope not found: manifest unknown: `))
    assert.is(await refused(['push', '-q', `${host}/app:nope`]), `An image does not exist locally with the tag: ${host}/app`)
    await made(`${host}/app:1`, 'a')
    await printed(['push', '-q', `${host}/app:1`])
    const platform = await refused(['pull', '-q', '--platform', 'linux/riscv64', `${host}/app:1`], { root: 'elsewhere' })
    assert.match(platform, /platform.*linux\/riscv64/)
    assert.is(await printed(['images', '-q'], { root: 'elsewhere' }), '')
  })
  assert.match(await refused(['pull', '-q', '127.0.0.1:1/app:1']), /^127\.0\.0\.1:1: .*connection refused/)
})

/** The password is: secret. */
const HTPASSWD = 'alice:$2b$05$aL3aHUQPjs5AtyNuua59fe227.QqHIpYaJ7wFA7w5TpLxSXD7HqY6\n'

rootTest(test, 'login, with docker\'s words; then a push goes through, and after logout it says what to do', async () => {
  writeFileSync(path('htpasswd'), HTPASSWD)
  await withRegistry(async (host) => {
    await made(`${host}/app:1`, 'a')
    assert.match(await refused(['push', '-q', `${host}/app:1`]), new RegExp(`pocker login ${host}`))
    assert.match(await refused(['login', '-u', 'alice', '--password-stdin', host], { input: 'wrong\n' }), /unauthorized: incorrect username or password$/)
    assert.not.ok(readdirSync(dir).includes('docker'))
    const { stdout, stderr } = await pocker(['login', '-u', 'alice', '--password-stdin', host], { input: 'secret\n' })
    assert.is(stdout, 'Login Succeeded\n')
    assert.ok(stderr.startsWith(`\nWARNING! Your credentials are stored unencrypted in '${path('docker/config.json')}'.\n`), stderr)
    assert.is(statSync(path('docker/config.json')).mode & 0o777, 0o600)
    await printed(['push', '-q', `${host}/app:1`])
    assert.is(await printed(['logout', host]), `Removing login credentials for ${host}\n`)
    assert.is(await printed(['logout', host]), `Not logged in to ${host}\n`)
    const told = await pocker(['login', '-u', 'alice', '-p', 'secret', host])
    assert.equal([told.status, told.stdout], [0, 'Login Succeeded\n'])
    assert.ok(told.stderr.startsWith('WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n'))
  }, { htpasswd: path('htpasswd') })
  assert.is(await refused(['login', '-p', 'x', '--password-stdin', 'h']), 'conflicting options: cannot specify both --password and --password-stdin')
  assert.is(await refused(['login', '--password-stdin', 'h']), 'the --password-stdin option requires --username to be set')
  assert.match(await refused(['login', 'localhost:1']), /^login: cannot perform an interactive login from a non TTY device; /)
})

rootTest(test, 'login asks on a terminal, and shows no password', async () => {
  writeFileSync(path('htpasswd'), HTPASSWD)
  await withRegistry(async (host) => {
    const line = [process.execPath, bin, 'login', host].join(' ')
    const child = spawn('script', ['-qec', line, '/dev/null'], { env: env(), stdio: ['pipe', 'pipe', 'inherit'] })
    const answers: [string, string][] = [['Username: ', 'alice\r'], ['Password: ', 'secret\r']]
    let shown = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      shown += chunk
      if (answers[0] && shown.endsWith(answers[0][0])) child.stdin.write(answers.shift()?.[1] ?? '')
    })
    const [status] = await once(child, 'close') as [number]
    assert.is(status, 0)
    assert.match(shown.replaceAll('\r', '').replace(/\x1b\[[\d;?]*[A-Za-z]/g, ''), /^Username: alice\nPassword: \n\n?\nWARNING! Your [^]*\n\nLogin Succeeded\n$/)
  }, { htpasswd: path('htpasswd') })
})

test('registry serve is a registry until it is told to end', async () => {
  const child = spawn(process.execPath, [bin, 'registry', 'serve', '--port', '0', '--root', path('registry')], { env: env(), stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data') as [string]
    assert.match(line, /^http:\/\/127\.0\.0\.1:\d+\n$/)
    assert.equal(await (await fetch(`${line.trim()}/v2/_catalog`)).json(), { repositories: [] })
    const [logged] = await once(child.stderr.setEncoding('utf8'), 'data') as [string]
    assert.is(logged, 'pocker: GET /v2/_catalog 200\n')
  } finally {
    child.kill('SIGTERM')
  }
  const [status] = await once(child, 'exit') as [number]
  assert.is(status, 0)
})

test('registries without TLS are named in a file; one that is wrong is told', async () => {
  writeFileSync(path('daemon.json'), '{"insecure-registries": [')
  assert.match(await refused(['pull', '-q', 'registry.invalid/app']), /^\S+daemon\.json: expected JSON such as /)
  writeFileSync(path('daemon.json'), '{"insecure-registries": "x"}')
  assert.match(await refused(['pull', '-q', 'registry.invalid/app']), /^\S+daemon\.json: expected JSON such as /)
})

rootTest(test, 'the image `registry` is made here, is told what to do as Docker\'s is, and keeps its blobs in a volume', async () => {
  const run = (...flags: string[]): string[] => ['run', '--rm', '--network', 'host', '-v', `${path('blobs')}:/var/lib/registry`, ...flags, 'registry']
  const { status, stderr } = await pocker(run('-e', 'REGISTRY_STORAGE_S3_BUCKET=x'))
  assert.is(status, 125)
  assert.match(stderr, /^pocker: registry: not here yet, so it is made from node v\S+ and pocker's registry\nregistry: environment: expected of REGISTRY_…: .*; got REGISTRY_STORAGE_S3_BUCKET\n$/)
  const child = spawn(process.execPath, [bin, ...run('-e', 'REGISTRY_HTTP_ADDR=127.0.0.1:0')], { env: env(), stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  const [first] = await once(child.stdout, 'data') as [Buffer]
  const [, host = ''] = /^listening on http:\/\/(\S+)\n$/.exec(first.toString()) ?? []
  child.stdout.resume()
  await printed(['tag', 'busybox', `${host}/team/box`])
  await printed(['push', '-q', `${host}/team/box`])
  assert.match(await printed(['pull', `${host}/team/box`], { root: 'other' }), /Status: Downloaded newer image/)
  child.kill('SIGTERM')
  assert.equal(await ended, [0, null])
  assert.equal(readdirSync(path('blobs/repositories/team')), ['box'])
  assert.match(await printed([...run(), 'garbage-collect']), /^0 blobs, 0 bytes\n$/)
})

rootTest(test, 'where Docker Hub cannot be reached, busybox is made from Debian\'s package, and says so', async () => {
  const offline = { before: ['unshare', '-n'] }
  const first = await pocker(['pull', 'busybox'], offline)
  assert.is(first.status, 0)
  assert.match(first.stdout, /^Using default tag: latest\nStatus: Made busybox:latest from Debian's package busybox-static \S+\ndocker\.io\/library\/busybox:latest\n$/)
  assert.match(first.stderr, /^pocker: registry-1\.docker\.io: [^\n]+; so busybox is made from Debian's package busybox-static \S+\n$/)
  const second = await pocker(['pull', 'busybox:latest'], offline)
  assert.equal([second.status, second.stdout], [0, 'Status: Image is up to date for busybox:latest\ndocker.io/library/busybox:latest\n'])
  assert.match(second.stderr, /; the one that is here stays\n$/)
  assert.is(await inspected('{{.Config.Cmd}}', 'busybox'), '[sh]')
  const other = await pocker(['pull', 'busybox:1.36'], offline)
  assert.equal([other.status, other.stdout], [1, ''])
})

/** What a terminal gets of it, by script(1). */
async function onTerminal(args: readonly string[], columns = 80): Promise<string> {
  const line = ['stty', 'cols', String(columns), 'rows', '24', ';', 'exec', process.execPath, bin, ...args].join(' ')
  const child = spawn('script', ['-qec', line, '/dev/null'], { env: env('elsewhere'), stdio: ['ignore', 'pipe', 'inherit'] })
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')])
  return output.replaceAll('\r\n', '\n')
}

rootTest(test, 'on a terminal an archive is refused, and a pull keeps a line for each layer', async () => {
  await withRegistry(async (host) => {
    await made(`${host}/app:1`, 'a')
    const [layer = ''] = /\w{12}(?=: Pushed)/.exec(await printed(['push', `${host}/app:1`])) ?? []
    const pulled = await onTerminal(['pull', `${host}/app:1`])
    assert.ok(pulled.startsWith(`1: Pulling from app\n${layer}: Pulling fs layer\n\x1b[1A\r\x1b[2K`), JSON.stringify(pulled))
    assert.ok(pulled.includes(`\x1b[1A\r\x1b[2K${layer}: Pull complete\r\x1b[1BDigest: sha256:`), JSON.stringify(pulled))
    assert.is(await onTerminal(['save', `${host}/app:1`]), 'pocker: cowardly refusing to save to a terminal. Use the -o flag or redirect\n')
  })
})

/** Stands before a registry, and stops in the middle of a layer, once. @returns how often a layer was asked for */
async function stalling(registry: string, size: number): Promise<{ host: string; layers: () => number; stalled: Promise<void>; close: () => void }> {
  let [layers, atHalf] = [0, (): void => {}]
  const stalled = new Promise<void>((resolve) => { atHalf = resolve })
  const server = createServer((request, response) => void (async () => {
    const headers = Object.fromEntries(['accept', 'range'].flatMap((name) => (request.headers[name] ? [[name, String(request.headers[name])]] : [])))
    const answer = await fetch(`http://${registry}${request.url}`, { headers, method: request.method ?? 'GET' })
    const body = Buffer.from(await answer.arrayBuffer())
    const isLayer = request.method === 'GET' && /blobs/.test(request.url ?? '') && (body.length > size || headers['range'] !== undefined)
    if (isLayer) layers++
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    if (isLayer && layers === 1) response.write(body.subarray(0, size), () => atHalf())
    else response.end(body)
  })())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = (): void => {
    server.closeAllConnections()
    server.close()
  }
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, layers: () => layers, stalled, close }
}

rootTest(test, 'Ctrl-C ends a pull at once; the terminal is as it was, and the next pull finishes', async () => {
  await withRegistry(async (registry) => {
    await made(`${registry}/app:1`, randomBytes(300_000).toString('latin1'))
    await printed(['push', '-q', `${registry}/app:1`])
    const { host, layers, stalled, close } = await stalling(registry, 100_000)
    try {
      const line = [process.execPath, bin, 'pull', `${host}/app:1`].join(' ')
      const child = spawn('script', ['-qec', line, '/dev/null'], { env: env('elsewhere'), stdio: ['pipe', 'pipe', 'inherit'] })
      let shown = ''
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => { shown += chunk })
      await stalled
      child.stdin.write('\x03')
      await once(child, 'close')
      assert.match(shown, /: Downloading +[\d.]+k?B\/[\d.]+kB\r\x1b\[1B\^C$/)
      assert.is(await printed(['image', 'check'], { root: 'elsewhere' }), '0 images, all whole\n')
      assert.match(await printed(['pull', `${host}/app:1`], { root: 'elsewhere' }), /\nStatus: Downloaded newer image for /)
      assert.is(layers(), 2)
    } finally {
      close()
    }
  })
})

test('each mistake is one line, with docker\'s exit code for it', async () => {
  const cases: readonly [string[], number, RegExp][] = [
    [['pull'], 125, /^pocker: missing required argument 'reference'; see 'pocker pull --help'\n$/],
    [['pull', 'Busybox'], 1, /^pocker: reference: expected a repository in lower case, got "Busybox"\n$/],
    [['images', '--fromat', 'x'], 125, /^pocker: unknown option '--fromat' \(did you mean --format\?\); see 'pocker images --help'\n$/],
    [['images', '--format', '{{.Foo'], 1, /^pocker: template parsing error: template: :1: unclosed action\n$/],
    [['images', '-f', 'size=1'], 1, /^pocker: --filter: expected dangling, label, before, since, until, reference, got "size"\n$/],
    [['image', 'inspect', '-f', '{{nope}}', 'x'], 1, /^pocker: template parsing error: template: :1: function "nope" not defined\n$/],
    [['tag', 'a'], 125, /^pocker: missing required argument 'reference'; see 'pocker tag --help'\n$/],
    [['tag', 'nope', 'x:y'], 1, /^pocker: No such image: nope:latest\n$/],
    [['history', 'nope'], 1, /^pocker: No such image: nope:latest\n$/],
    [['save', 'nope'], 1, /^pocker: No such image: nope:latest\n$/],
    [['image', 'tree', 'nope'], 1, /^pocker: No such image: nope:latest\n$/],
    [['image', 'prune', '-f', '--filter', 'until=soon'], 1, /^pocker: --filter: until: expected a span such as 24h, [^\n]*, got "soon"\n$/],
    [['import', '/no/such/file'], 1, /^pocker: ENOENT: no such file or directory, open '\/no\/such\/file'\n$/],
    [['pull', '-q', '--platform', '!', 'x'], 1, /^pocker: platform: expected such as linux\/amd64 [^\n]*\n$/],
    [['load', '--platform', '!'], 1, /^pocker: platform: expected such as linux\/amd64 [^\n]*\n$/],
    [['registry', 'serve', '--port', '70000'], 1, /^pocker: --port: expected a number up to 65535, got "70000"\n$/],
    [['registry', 'serve', '--tls-cert', 'x'], 1, /^pocker: --tls-cert: expected --tls-key with it, got one\n$/],
    [['image', 'nope'], 125, /^pocker: unknown command 'nope'[^\n]*; see 'pocker image --help'\n$/],
  ]
  await Promise.all(cases.map(async ([args, status, message]) => {
    const result = await pocker(args)
    assert.match(result.stderr, message)
    assert.equal([args.join(' '), result.status, result.stdout], [args.join(' '), status, ''])
  }))
})

test.run()
