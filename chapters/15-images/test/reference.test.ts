// Names of images: what Docker's grammar takes, and what it does not.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { canonical, familiar, familiarName, parseReference } from '@pocker/images'

const HEX = 'a'.repeat(64)
const DIGEST = `sha256:${HEX}`

/** What is written, what it means, and how Docker shows it. */
const GOOD: readonly (readonly [text: string, canonical: string, familiar: string])[] = [
  ['busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
  ['library/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['docker.io/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['index.docker.io/library/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['me/tool', 'docker.io/me/tool:latest', 'me/tool:latest'],
  ['docker.io/library/a/b', 'docker.io/library/a/b:latest', 'library/a/b:latest'],
  ['localhost/tool', 'localhost/tool:latest', 'localhost/tool:latest'],
  ['localhost:5000/tool', 'localhost:5000/tool:latest', 'localhost:5000/tool:latest'],
  ['localhost:5000/tool:v1', 'localhost:5000/tool:v1', 'localhost:5000/tool:v1'],
  ['registry.example.com/a/b/c:v1', 'registry.example.com/a/b/c:v1', 'registry.example.com/a/b/c:v1'],
  ['127.0.0.1:5000/a', '127.0.0.1:5000/a:latest', '127.0.0.1:5000/a:latest'],
  ['[::1]:5000/a', '[::1]:5000/a:latest', '[::1]:5000/a:latest'],
  ['Host/a', 'Host/a:latest', 'Host/a:latest'],
  ['a.b_c-d__e--f', 'docker.io/library/a.b_c-d__e--f:latest', 'a.b_c-d__e--f:latest'],
  ['a:_x', 'docker.io/library/a:_x', 'a:_x'],
  ['a:X.Y-z_9', 'docker.io/library/a:X.Y-z_9', 'a:X.Y-z_9'],
  [`a:${'x'.repeat(128)}`, `docker.io/library/a:${'x'.repeat(128)}`, `a:${'x'.repeat(128)}`],
  [`busybox@${DIGEST}`, `docker.io/library/busybox@${DIGEST}`, `busybox@${DIGEST}`],
  [`busybox:1@${DIGEST}`, `docker.io/library/busybox:1@${DIGEST}`, `busybox:1@${DIGEST}`],
  [`a/${HEX}`, `docker.io/a/${HEX}:latest`, `a/${HEX}:latest`],
  [HEX.slice(1), `docker.io/library/${HEX.slice(1)}:latest`, `${HEX.slice(1)}:latest`],
  ['docker.io/localhost/a', 'docker.io/localhost/a:latest', 'docker.io/localhost/a:latest'],
]

for (const [text, whole, short] of GOOD) {
  test(`${text.slice(0, 60)} is ${whole.slice(0, 60)}`, () => {
    const reference = parseReference(text)
    assert.is(canonical(reference), whole)
    assert.is(familiar(reference), short)
    assert.equal(parseReference(canonical(reference)), reference)
    assert.equal(parseReference(familiar(reference)), reference)
  })
}

const BAD: readonly (readonly [text: string, expected: RegExp])[] = [
  ['', /a name such as busybox:latest, got ""$/], [':latest', /a name such as/], [`@${DIGEST}`, /a name such as/], ['/busybox', /letters and digits/],
  ['busybox/', /letters and digits/], ['a//b', /letters and digits/], ['docker.io/', /a name such as/], ['localhost:5000/', /a name such as/],
  ['Busybox', /a repository in lower case, got "Busybox"$/], ['me/Tool', /in lower case/], ['BUSYBOX:latest', /in lower case/],
  ['-a', /letters and digits/], ['a-', /letters and digits/], ['.a', /letters and digits/], ['a.', /letters and digits/], ['_a', /letters and digits/],
  ['a..b', /letters and digits/], ['a___b', /letters and digits/], ['a._b', /letters and digits/], ['a b', /letters and digits/], [' a', /letters and digits/],
  ['a\n', /letters and digits/], ['a\nb', /letters and digits/], ['a\0b', /letters and digits/], ['../etc/passwd', /a registry|letters and digits/], ['a/../b', /letters and digits/],
  ['busybox:', /a tag of at most 128/], ['busybox:-x', /a tag/], ['busybox:.x', /a tag/], ['busybox:a b', /a tag/], ['busybox:a:b', /a tag/], ['busybox:ä', /a tag/],
  ['busybox:a\n', /a tag/], [`busybox:${'x'.repeat(129)}`, /a tag/], ['busybox@', /sha256: and 64/], ['busybox@sha256:abc', /sha256: and 64/], [`busybox@sha512:${HEX}${HEX}`, /sha256: and 64/],
  [`busybox@${DIGEST.toUpperCase()}`, /sha256: and 64/], [`busybox@${DIGEST}@${DIGEST}`, /at most one @/], [`busybox@${DIGEST}:x`, /sha256: and 64/], [HEX, /which 64 hexadecimal digits are not/],
  ['a'.repeat(300), /at most 255 characters/], [`${'a/'.repeat(130)}b`, /at most 255 characters/], ['https://hub.example.com/a', /letters and digits|a registry/],
  ['host:port/a', /a registry such as/], ['host:123456/a', /a registry such as/], ['-host.com/a', /a registry/], ['host..com/a', /a registry/], ['[::g]:1/a', /a registry/], ['büsy', /letters and digits/],
]

for (const [text, expected] of BAD) {
  test(`${JSON.stringify(text.slice(0, 40))} is no reference`, () => {
    assert.throws(() => parseReference(text), (error: Error) => {
      assert.match(error.message, expected)
      assert.match(error.message, /^reference: expected [^\n\0]*$/)
      return error.name === 'SpecError'
    })
  })
}

test('a name without its tag', () => {
  assert.is(familiarName(parseReference('busybox:1')), 'busybox')
  assert.is(familiarName(parseReference('localhost:5000/a:1')), 'localhost:5000/a')
})

test.run()
