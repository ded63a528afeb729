// Containers on layers: each has its own, which goes with it; and an image says how it is run.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rootTest } from '@pocker/testing'

const bin = fileURLToPath(new URL('../bin/pocker.mjs', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'pocker-layers-'))
const env = { ...process.env, POCKER_ROOT: join(dir, 'root') }
test.after(() => rmSync(dir, { recursive: true }))

const pocker = (words: readonly string[], input: string | Buffer = '') => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...words], { env, input, encoding: 'utf8' })
  return { status, stdout, stderr }
}
const own = (): string[] => readdirSync(join(dir, 'root/layers/writable'))

rootTest(test, 'the first container makes the image, and says so; the next one sees nothing of what it wrote', () => {
  const first = pocker(['run', 'busybox', 'sh', '-c', 'echo mine > /etc/mine; cat /etc/mine'])
  assert.equal([first.status, first.stdout], [0, 'mine\n'])
  assert.match(first.stderr, /^pocker: busybox: not here yet, so it is made from Debian's package busybox-static .+\n$/)
  assert.equal(pocker(['run', 'busybox', 'ls', '/etc/mine']), { status: 1, stdout: '', stderr: 'ls: /etc/mine: No such file or directory\n' })
  assert.equal(own(), [])
})

rootTest(test, 'an image says what is run, where, as whom and with which environment; flags come first', () => {
  mkdirSync(join(dir, 'files/srv/here'), { recursive: true })
  mkdirSync(join(dir, 'files/etc'), { recursive: true })
  writeFileSync(join(dir, 'files/etc/passwd'), 'root:x:0:0::/root:/bin/sh\nuser:x:1000:1001::/home/user:/bin/sh\n')
  const busybox = spawnSync('busybox', ['which', 'busybox'], { encoding: 'utf8' }).stdout.trim()
  mkdirSync(join(dir, 'files/bin'))
  for (const name of ['sh', 'id', 'pwd']) spawnSync('cp', [busybox, join(dir, 'files/bin', name)])
  const archive = spawnSync('tar', ['-C', join(dir, 'files'), '--owner=0', '--group=0', '-c', '.'], { maxBuffer: 1 << 26 }).stdout
  const changes = ['ENTRYPOINT ["sh", "-c"]', 'CMD ["pwd; id -u; id -g; echo $A $B"]', 'ENV A=image', 'ENV B=image', 'WORKDIR /srv/here', 'USER user']
  assert.is(pocker(['import', ...changes.flatMap((line) => ['-c', line]), '-', 'mine:1'], archive).status, 0)
  assert.equal(pocker(['run', '-e', 'B=flag', 'mine:1']), { status: 0, stdout: '/srv/here\n1000\n1001\nimage flag\n', stderr: '' })
  assert.equal(pocker(['run', '-u', '7', '-w', '/', 'mine:1', 'pwd; id -u']), { status: 0, stdout: '/\n7\n', stderr: '' })
  assert.equal(pocker(['run', '--entrypoint', 'pwd', 'mine:1']), { status: 0, stdout: '/srv/here\n', stderr: '' })
  assert.equal(pocker(['run', '--entrypoint', '', 'mine:1', 'pwd']), { status: 0, stdout: '/srv/here\n', stderr: '' })
  assert.match(pocker(['run', '--entrypoint', '', 'mine:1']).stderr, /^pocker: command: expected a program to run, got none/)
})

rootTest(test, 'while a container runs its image stays; when pocker is killed, its layer goes with the next', async () => {
  pocker(['run', 'busybox', 'true'])
  const child = spawn(process.execPath, [bin, 'run', 'busybox', 'sh', '-c', 'echo there; exec cat'], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const [id = ''] = own()
  assert.match(id, /^[0-9a-f]{12}$/)
  assert.match(pocker(['rmi', 'busybox']).stderr, new RegExp(`^pocker: conflict: unable to remove repository reference "busybox" \\(must force\\) - container ${id} is using its referenced image [0-9a-f]{12}\n$`))
  pocker(['image', 'prune', '-a', '-f'])
  assert.match(pocker(['images', '-q', 'busybox']).stdout, /^[0-9a-f]{12}\n$/)
  child.kill('SIGKILL')
  await once(child, 'close')
  assert.equal(own(), [id])
  assert.equal(pocker(['run', 'busybox', 'true']).status, 0)
  assert.equal(own(), [])
  assert.match(pocker(['rmi', 'busybox']).stdout, /^Untagged: busybox:latest\nDeleted: sha256:/)
  assert.equal(readdirSync(join(dir, 'root/layers/staged')), [])
})

test.run()
