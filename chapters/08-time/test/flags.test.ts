// The words for an offset, as data.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseOffset } from '@pocker/time'

const DAY = 86_400
const GOOD: readonly (readonly [string, number, number])[] = [
  ['0', 0, 0],
  ['-0', 0, 0],
  ['90', 90, 0],
  ['+90', 90, 0],
  ['90s', 90, 0],
  ['3m', 180, 0],
  ['-2h', -7200, 0],
  ['+30d', 30 * DAY, 0],
  ['2w', 14 * DAY, 0],
  ['1.5s', 1, 500_000_000],
  ['-1.5s', -2, 500_000_000],
  ['-0.5', -1, 500_000_000],
  ['0.5d', DAY / 2, 0],
  ['0.000000001', 0, 1],
  ['-0.000000001', -1, 999_999_999],
  ['1.000000001m', 60, 60],
  ['999999999999', 999_999_999_999, 0],
]

test('an offset has a sign, a fraction and a unit, and its nanoseconds are never negative', () => {
  for (const [text, secs, nanosecs] of GOOD) assert.equal(parseOffset('--boottime', text), { secs, nanosecs }, text)
})

test('no digit is lost, however many there are', () => {
  assert.equal(parseOffset('--boottime', '4611686017.123456789'), { secs: 4_611_686_017, nanosecs: 123_456_789 })
  assert.equal(parseOffset('--boottime', '-4611686017.123456789'), { secs: -4_611_686_018, nanosecs: 876_543_211 })
})

test('what is no offset is refused, with the flag and the text', () => {
  const wrong = ['', '+', 'd', '1 d', ' 1', '1\n', '1y', '1D', '--1', '1e3', '.5', '1.', '1.0000000001', '0x10', '1234567890123']
  for (const text of wrong) {
    const expected = `--monotonic: expected an offset such as +30d, -2h or 1.5s, got ${JSON.stringify(text)}`
    assert.throws(() => parseOffset('--monotonic', text), (error: Error) => error.message === expected, text)
  }
})

test.run()
