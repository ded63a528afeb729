// Hooks that do not behave: that say too much, hear nothing, or fail at the end.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rootTest } from '@pocker/testing'
import { begin, type Oci } from './oci.ts'

let oci: Oci
test.before.each(async () => { oci = await begin() })
test.after.each(() => oci.end())

const sh = (script: string): { path: string; args: string[] } => ({ path: '/bin/sh', args: ['sh', '-c', script] })

rootTest(test, 'a hook may say as much as it likes', () => {
  const loud = sh('head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2')
  assert.is(oci.run({ process: { args: ['true'] }, hooks: { createRuntime: [loud], poststop: [loud] } }).stderr, '')
})

rootTest(test, 'a hook that does not read a state larger than a pipe is ended by its timeout', async () => {
  const deaf = { ...sh('exec sleep 1000'), timeout: 1 }
  const id = oci.bundle({ annotations: { large: 'x'.repeat(200_000) }, hooks: { createContainer: [deaf] } })
  const { code, stderr } = oci.call('create', '--bundle', oci.dirOf(id), id)
  assert.equal([code, stderr], [1, 'pocker oci: hooks.createContainer[0]: expected /bin/sh to succeed, got none within 1 s\n'])
  assert.equal(await oci.left(), [])
})

rootTest(test, 'a hook that reads a large state gets all of it', () => {
  const counts = sh('test $(wc -c) -gt 200000')
  const annotations = { large: 'x'.repeat(200_000) }
  assert.is(oci.run({ process: { args: ['true'] }, annotations, hooks: { createRuntime: [counts], createContainer: [counts] } }).stderr, '')
})

rootTest(test, 'a poststop hook that fails is told of when create has failed, too', () => {
  const id = oci.bundle({ process: { args: ['nonexist'] }, hooks: { poststop: [sh('exit 3')] } })
  const { stderr } = oci.call('create', '--bundle', oci.dirOf(id), id)
  assert.equal(stderr.split('\n').slice(0, -1), [
    'pocker oci: hooks.poststop[0]: expected /bin/sh to succeed, got exit code 3',
    'pocker oci: exec: "nonexist": executable file not found in $PATH',
  ])
})

test.run()
