// The visible checks of addressed.ts. They judge where the kernel finds a way to.
import { randomInt } from 'node:crypto'
import { check, Failure, type Exercise } from '@pocker/grader'
import { chdir, deviceSocket, type Syscall } from '@pocker/syscalls'

/** A datagram socket that connects sends nothing: the kernel only looks for the way. @see struct sockaddr_in, ip(7) */
function connects(address: number): Syscall[] {
  const [socket, name] = [`the check's ${text(address)}`, Buffer.alloc(16)]
  name.writeUInt16LE(2, 0)
  name.writeUInt16BE(9, 2)
  name.writeUInt32BE(address, 4)
  return [
    { ...deviceSocket(), as: socket },
    { call: 'connect', args: [{ resultOf: socket }, { hex: name.toString('hex') }, name.length] },
  ]
}

const text = (address: number): string => [24, 16, 8, 0].map((bits) => (address >>> bits) & 255).join('.')

/** @returns an address of 10.0.0.0/8, another one of its network, and one of the next network */
function some(prefix: number): { own: number; inside: number; outside: number } {
  const size = 2 ** (32 - prefix)
  const network = 0x0a00_0000 + randomInt(1, 2 ** (prefix - 8) - 1) * size
  const own = randomInt(1, size / 2)
  return { own: network + own, inside: network + randomInt(size / 2, size - 1), outside: network + size + own }
}

const reached = check({
  id: 'reached',
  title: 'lo has the address; the addresses of its network are reached, and no others',
  points: 3,
  hint: 'an address has four bytes, in the order in which it is written. How many bits are the network\'s stands in struct ifaddrmsg',
  lesson: 'the-syscalls',
}, async ({ compute, run, token }) => {
  for (const prefix of [24, randomInt(17, 23), randomInt(25, 29)]) {
    const { own, inside, outside } = some(prefix)
    const { child = [], ...isolation } = await compute(text(own), prefix)
    const alarm = token()
    const [socket, ask] = connects(outside) as [Syscall, Syscall]
    const not = { ...ask, mayFail: ['ENETUNREACH'], onZero: [chdir(`/${alarm}`)] }
    const asking = { ...isolation, child: [...child, ...connects(own), ...connects(inside), socket, not] }
    const network = `${text(own)}/${prefix}`
    const { links } = await run(asking).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error
      const difference = { expected: `a way to ${text(inside)}, and none to ${text(outside)}`, seen: error.message }
      if (error.message.includes(alarm)) throw new Failure(`${text(outside)} is not in ${network}, and there is a way to it`, difference)
      if (error.message.includes('a step failed: connect(')) throw new Failure(`lo should have ${network}, and there is no way to it`, difference)
      throw error
    })
    // The machine is asked as well: a packet does not care whose address the network's is.
    const addresses = links.find(({ name }) => name === 'lo')?.addresses ?? []
    const seen = addresses.join(', ') || 'none'
    if (!addresses.includes(network)) throw new Failure(`expected lo to have ${network}, got ${seen}`, { expected: network, seen })
  }
})

const own = check({
  id: 'own',
  title: 'the network is the container\'s own',
  points: 1,
  hint: 'whose lo is it, without a flag?',
}, async ({ compute, run }) => {
  const { namespaces, sandbox } = await run(await compute(text(some(24).own), 24))
  if (namespaces['net'] === sandbox.namespaces['net']) {
    throw new Failure('CLONE_NEWNET is missing: the machine\'s lo has got the address')
  }
})

export const exercise: Exercise = {
  id: '07-net/addressed', title: 'An address', points: 5, checks: [reached, own],
}
