// The hidden checks of chapter 02.
import { check, same, type HiddenChecks } from '@pocker/grader'

const bytes = check({
  id: 'bytes',
  title: 'a name with letters outside ASCII arrives whole',
  points: 1,
  hint: 'the kernel counts bytes, JavaScript counts UTF-16 units: how long is ö in each?',
}, async ({ compute, run, token }) => {
  const wanted = `köln-${token()}ß`
  const { nodename } = await run(await compute(wanted))
  same(nodename, wanted, `expected the host name ${wanted}, got ${nodename}: its length counts bytes`)
})

const absent = check({
  id: 'absent',
  title: 'an absent name changes nothing',
  points: 1,
  hint: 'an empty name is a name too: without one in the spec, there must be no step',
}, async ({ compute, run, token }) => {
  const host = await run(await compute({ hostname: token() }))
  const kept = host.sandbox.before.domainname
  same(host.domainname, kept, `an absent domainname changes nothing: expected ${kept}, got "${host.domainname}"`)
  const domain = await run(await compute({ domainname: token() }))
  const stays = domain.sandbox.before.nodename
  same(domain.nodename, stays, `an absent hostname changes nothing: expected ${stays}, got "${domain.nodename}"`)
})

const limit = check({
  id: 'limit',
  title: 'more than 64 bytes are refused, with the number of bytes',
  points: 1,
  hint: 'Buffer.byteLength(text) counts bytes, text.length does not',
}, async ({ refusal, token }) => {
  const long = [['hostname', 'ü'.repeat(30), 30 + 60], ['domainname', 'é'.repeat(20), 30 + 40]] as const
  for (const [field, text, size] of long) {
    const expected = `${field}: at most 64 bytes, got ${size}`
    const { message } = await refusal({ [field]: token(30) + text })
    same(message, expected, `expected the error "${expected}", got "${message}"`)
  }
})

const fits = check({
  id: 'fits',
  title: 'a name of exactly 64 bytes is taken',
  points: 1,
  hint: 'at most 64 means: 64 is still allowed',
}, async ({ compute, run, token }) => {
  const wanted = token(64)
  const { nodename } = await run(await compute({ hostname: wanted }))
  same(nodename, wanted, `expected a host name of 64 bytes, got ${Buffer.byteLength(nodename)}`)
})

export const hidden: HiddenChecks = { hostname: [bytes], names: [absent, limit, fits] }
