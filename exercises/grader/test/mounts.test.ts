// The kernel's list of mounts, read.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { mountsAt, mountsOf, parseMounts } from '@pocker/grader'

const TEXT = `40 22 0:52 / /proc rw,relatime shared:9 - proc proc rw
22 21 0:50 / /proc rw,nosuid shared:1 master:3 - proc proc rw
21 1 8:1 /a /with\\040blank\\134 ro - ext4 /dev/sda1 rw,errors=continue
`

test('a line has device, place, options and type, however many optional fields it has', () => {
  const [upper, lower, root] = parseMounts(TEXT)
  assert.equal(upper, { id: 40, parent: 22, device: '0:52', point: '/proc', options: ['rw', 'relatime'], type: 'proc' })
  assert.equal(lower?.options, ['rw', 'nosuid'])
  assert.is(root?.point, '/with blank\\')
  assert.is(root?.type, 'ext4')
})

test('of two mounts at one place the upper one comes last, in whatever order the kernel lists them', () => {
  const lines = TEXT.trim().split('\n')
  for (const text of [lines.join('\n'), lines.toReversed().join('\n')]) {
    assert.equal(mountsAt(parseMounts(text), '/proc').map(({ id }) => id), [22, 40])
  }
})

test('every process has a root', () => {
  assert.ok(mountsAt(mountsOf(process.pid), '/').length > 0)
})

test.run()
