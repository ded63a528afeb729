// The visible checks of pair.ts. They judge what the kernel made of the message.
import { randomInt } from 'node:crypto'
import { check, Failure, same, type Context, type Exercise, type Link, type Seen } from '@pocker/grader'

/** Names that fill a multiple of four bytes with their NUL, and so need no padding. */
const WITHOUT_PADDING = 7

interface Made extends Seen { readonly link: Link; readonly peer: string; readonly mtu: number }

/** @throws {Failure} if there is no device of that name */
async function made({ compute, run, token }: Context): Promise<Made> {
  const [name, peer, mtu] = [token(WITHOUT_PADDING), token(WITHOUT_PADDING), randomInt(1000, 1400)]
  const seen = await run(await compute({ name, peer, mtu }), { needs: 'veth' })
  const link = seen.links.find((one) => one.name === name)
  if (link) return { ...seen, link, peer, mtu }
  const names = seen.links.map((one) => one.name).join(', ')
  throw new Failure(`expected a device ${name}, got only ${names}: what does the kernel answer to your message?`)
}

const pair = check({
  id: 'pair',
  title: 'two devices with these names are the ends of one cable',
  points: 2,
  hint: 'the name of the other end lies four levels deep. On which level does a struct ifinfomsg stand before the attributes?',
  lesson: 'the-syscalls',
}, async (context) => {
  const { link, links, peer } = await made(context)
  const other = links.find(({ index }) => index === link.other)
  const seen = `${link.kind || 'no kind'} ${other?.name ?? 'nothing'}`
  same(seen, `veth ${peer}`, `expected a veth with ${peer} at its other end, got ${seen.replace(' ', ' with ')}`)
})

const mtu = check({
  id: 'mtu',
  title: 'the first end has the MTU that was asked for',
  points: 1,
  hint: 'IFLA_MTU is a number of four bytes. Which of the two ends do the attributes belong to that stand outside?',
}, async (context) => {
  const { link, mtu: expected } = await made(context)
  same(String(link.mtu), String(expected), `expected an MTU of ${expected} bytes, got ${link.mtu}`)
})

export const exercise: Exercise = {
  id: '07-net/pair', title: 'A message to the kernel', points: 8, checks: [pair, mtu],
}
