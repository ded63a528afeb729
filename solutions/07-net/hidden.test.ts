// The hidden checks of chapter 07.
import { check, Failure, same, type HiddenChecks } from '@pocker/grader'

const host = check({
  id: 'host',
  title: 'with host, it shares the machine\'s',
  points: 1,
  hint: 'what is not in the flags is shared',
}, async ({ compute, run }) => {
  const { namespaces, sandbox } = await run(await compute('host'))
  if (namespaces['net'] !== sandbox.namespaces['net']) {
    throw new Failure('expected the network namespace of the machine, got a new one: host means none', {
      expected: sandbox.namespaces['net'] ?? '', seen: namespaces['net'] ?? '',
    })
  }
})

const untouched = check({
  id: 'untouched',
  title: 'who is a guest in a network changes nothing in it',
  points: 1,
  hint: 'in the grader\'s machine lo is down, and so it is at the neighbour\'s. Is it still, after your steps?',
}, async ({ compute, run }) => {
  const { sandbox: { now } } = await run(await compute('host'))
  if (now.links.some(({ up }) => up)) throw new Failure('with host, the machine\'s own lo was set up')
  const { sandbox } = await run(await compute({ path: '/proc/2/ns/net' }), { neighbours: 1 })
  if (sandbox.neighbourLinks.flat().some(({ up }) => up)) throw new Failure('with a path, the lo of the other container was set up')
})

/** Every remainder of a division by four, and the longest that there may be. */
const LENGTHS = [[1, 2], [4, 5], [6, 15]] as const

const padded = check({
  id: 'padded',
  title: 'names may have any length from 1 to 15 bytes',
  points: 2,
  hint: 'an attribute begins at a multiple of four bytes, and its length does not count the bytes that fill up to there',
  lesson: 'the-syscalls',
}, async ({ compute, run, token }) => {
  for (const [short, long] of LENGTHS) {
    const [name, peer] = [token(short), token(long)].map((word, i) => `${'ab'[i]}${word.slice(1)}`) as [string, string]
    const { links } = await run(await compute({ name, peer, mtu: 1300 }), { needs: 'veth' })
    const names = links.map((link) => link.name)
    const missing = [name, peer].filter((wanted) => !names.includes(wanted))
    if (missing.length > 0) throw new Failure(`expected devices ${name} and ${peer}, got ${names.join(', ')}`)
  }
})

const NAMES = { name: 'first00', peer: 'second0', mtu: 1234 }

const up = check({
  id: 'up',
  title: 'the first end is up',
  points: 1,
  hint: 'struct ifinfomsg has two numbers for this: the flags, and which of them to change',
}, async ({ compute, run }) => {
  const { links } = await run(await compute(NAMES), { needs: 'veth' })
  const link = links.find(({ name }) => name === NAMES.name)
  if (!link) throw new Failure(`expected a device ${NAMES.name}, got none`)
  if (!link.up) throw new Failure(`expected ${NAMES.name} to be up, got down`, { expected: 'up', seen: 'down' })
})

const own = check({
  id: 'own',
  title: 'the machine gets no device',
  points: 2,
  hint: 'a socket belongs to the network namespace in which it is made. Which one is the child in?',
}, async ({ compute, run }) => {
  const { links, sandbox: { now } } = await run(await compute(NAMES), { needs: 'veth' })
  if (!links.some(({ name }) => name === NAMES.name)) throw new Failure(`expected a device ${NAMES.name}, got none`)
  const names = now.links.map(({ name }) => name).filter((name) => name !== 'lo')
  if (names.length > 0) throw new Failure(`the machine has got the devices ${names.toSorted().join(' and ')}`)
})

const noAddress = check({
  id: 'noAddress',
  title: 'what is no address is refused, with the text',
  points: 1,
  hint: 'a byte holds 0 to 255, and Buffer.from takes 256 for 0',
}, async ({ refusal }) => {
  for (const wrong of ['10.1.2.256', '10.1.2', '10.1.2.3.4', 'box', '10.1..3']) {
    const expected = `address: expected four numbers from 0 to 255, got ${wrong}`
    const { message } = await refusal(wrong, 24)
    same(message, expected, `expected the error "${expected}", got "${message}"`)
  }
})

export const hidden: HiddenChecks = { network: [host, untouched], pair: [padded, up, own], addressed: [noAddress] }
