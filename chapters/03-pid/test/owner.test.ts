// Names that say whose something is.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isAbandoned, ownedName } from '@pocker/pid'
import { rootTest } from '@pocker/testing'

rootTest(test, 'what a process has made is abandoned when it is gone; in another PID namespace nobody can tell', async () => {
  assert.is(isAbandoned(ownedName('a')), false)
  const here = ownedName('a')
  assert.is(isAbandoned(here.replace(/^\d+/, String(spawnSync('true').pid))), true)
  assert.is(isAbandoned(here.replace(/\.\d+/, '.1')), true) // its number is another's by now
  assert.equal(['a', '1-a', '1.2-a', 'oci-1.2.3-a'].map(isAbandoned), [false, false, false, false])
  // The same number, in a namespace where nobody has it: its process lives, and then does not.
  const outer = spawn('unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, '--import', 'tsx', '-e',
    'import("@pocker/pid").then(({ isAbandoned, ownedName }) => { console.log(ownedName("b") + " " + isAbandoned(process.argv[1])); setInterval(() => {}, 1000) })', ownedName('a')],
  { stdio: ['ignore', 'pipe', 'inherit'] })
  let theirs = ''
  try {
    const [line] = await once(outer.stdout.setEncoding('utf8'), 'data') as [string]
    const [name = '', ofOurs] = line.trim().split(' ')
    theirs = name
    assert.equal([theirs.split('.')[0], ofOurs, isAbandoned(theirs)], ['1', 'false', false])
  } finally {
    outer.kill('SIGKILL')
    await once(outer, 'close')
  }
  while (!isAbandoned(theirs)) await new Promise((resolve) => { setImmediate(resolve) }) // --kill-child: a moment later it is gone
})

test.run()
