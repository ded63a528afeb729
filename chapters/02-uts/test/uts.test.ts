// Host names.
import { hostname } from 'node:os'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CLONE_NEWUTS, run } from '@pocker/syscalls'
import { rootTest } from '@pocker/testing'
import { HOSTNAME_MAX, uts } from '@pocker/uts'

test('a name is never without its namespace', () => {
  assert.equal(uts({ hostname: 'box', domainname: 'example.org' }), {
    name: 'uts', flags: CLONE_NEWUTS,
    child: [
      { call: 'sethostname', args: ['box', 3], why: 'the container\'s own name' },
      { call: 'setdomainname', args: ['example.org', 11], why: 'and its NIS domain' },
    ],
  })
})

test('without names there is a namespace, and nothing is set', () => {
  assert.equal(uts({}), { name: 'uts', flags: CLONE_NEWUTS, child: [] })
})

test('a name longer than Linux allows is refused, with both numbers; the limit counts bytes', () => {
  assert.throws(() => uts({ hostname: 'x'.repeat(65) }), /^hostname: at most 64 bytes, got 65$/)
  assert.throws(() => uts({ domainname: 'ü'.repeat(33) }), /^domainname: at most 64 bytes, got 66$/)
  assert.throws(() => uts({ hostname: 'a\0b' }), /hostname: expected text without a NUL byte, got "a\\u0000b"/)
  assert.is(uts({ hostname: 'x'.repeat(HOSTNAME_MAX) }).child?.length, 1)
})

rootTest(test, 'the machine keeps its own name', async () => {
  const before = hostname()
  const { stdout } = await run([uts({ hostname: 'box', domainname: 'example.org' })], ['sh', '-c', 'hostname; cat /proc/sys/kernel/domainname'])
  assert.is(stdout, 'box\nexample.org\n')
  assert.is(hostname(), before)
})

rootTest(test, 'a name of 64 bytes arrives whole', async () => {
  const name = `${'ü'.repeat(31)}xy`
  assert.is((await run([uts({ hostname: name })], ['hostname'])).stdout, `${name}\n`)
})

test.run()
