// Names that say whose something is.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isAbandoned, ownedName, ownerHere } from '@pocker/pid'
import { rootTest } from '@pocker/testing'

/** A node in other namespaces, which says its own name for 'b', and what it holds of a name of ours; it lives until it is killed. */
async function elsewhere(flags: readonly string[], body: (theirs: string, ofOurs: string) => void): Promise<void> {
  const script = `import('@pocker/pid').then(({ isAbandoned, ownedName }) => {
    console.log(ownedName('b') + ' ' + isAbandoned(process.argv[1]))
    setInterval(() => {}, 1000)
  })`
  const words = [...flags, '--fork', '--kill-child', process.execPath, '--import', 'tsx', '-e', script, ownedName('a')]
  const child = spawn('unshare', words, { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data') as [string]
    const [theirs = '', ofOurs = ''] = line.trim().split(' ')
    body(theirs, ofOurs)
  } finally {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
}

test('what a process has made is abandoned when it is gone, whoever has its number then', () => {
  const name = ownedName('a')
  assert.equal([isAbandoned(name), ownerHere(name)], [false, process.pid])
  assert.is(isAbandoned(name.replace(/^\d+/, String(spawnSync('true').pid))), true)
  assert.is(isAbandoned(name.replace(/\.\d+/, '.1')), true)
  assert.equal(['a', '1-a', '1.2-a', '1.2.3-a', `oci-${name}`].map((one) => isAbandoned(one)), [false, false, false, false, false])
})

rootTest(test, 'in another PID namespace nobody can tell, but the machine\'s own', async () => {
  let name = ''
  await elsewhere(['--pid', '--mount-proc'], (theirs, ofOurs) => {
    name = theirs
    assert.equal([theirs.split('.')[0], ofOurs, isAbandoned(theirs), ownerHere(theirs)], ['1', 'false', false, undefined])
  })
  const deadline = Date.now() + 10_000 // --kill-child: the kernel ends it a moment later
  while (!isAbandoned(name) && Date.now() < deadline) await new Promise((resolve) => { setImmediate(resolve) })
  assert.ok(isAbandoned(name))
})

rootTest(test, 'in another time namespace everybody was born at another moment, and lives', async () => {
  await elsewhere(['--time', '--boottime', '86400'], (theirs, ofOurs) => {
    assert.equal([ofOurs, isAbandoned(theirs)], ['false', false])
    assert.ok(Number(theirs.split('.')[1]) > Number(ownedName('a').split('.')[1]) + 80_000 * 100)
  })
})

test.run()
