// The runtime so far: images come from a registry, and go to one. What is pulled here, chapter 15's program runs.
//   npx tsx chapters/16-registry/pocker.ts serve ./registry 5016 [HTPASSWD]         a registry of our own, until it is stopped
//   npx tsx chapters/16-registry/pocker.ts pull|push ./store localhost:5016/busybox
//   npx tsx chapters/16-registry/pocker.ts login|logout localhost:5016 [USER]       the password comes from standard input
//   npx tsx chapters/16-registry/pocker.ts collect ./registry
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { openImages, parseReference } from '@pocker/images'
import { collect, login, logout, pull, push, serve, type Logged, type Progress } from '@pocker/registry'
import { main, SpecError } from '@pocker/syscalls'

const [verb = '', what = '', name = '', ...rest] = process.argv.slice(2)
const seen = new Set<string>()
const progress = ({ id, status, total }: Progress): void => {
  if (total === undefined && seen.size !== seen.add(`${id} ${status}`).size) console.log(`${id}: ${status}`)
}
const VERBS: Readonly<Record<string, () => unknown>> = {
  serve: async () => {
    const log = ({ method, url, status }: Logged): void => console.log(`${method} ${url} ${status}`)
    const served = await serve({ root: what, port: Number(name), log, ...(rest[0] && { htpasswd: rest[0] }) })
    console.log(`listening on ${served.url}`)
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
    await served.close()
  },
  pull: async () => {
    const { digest, status } = await pull(openImages(what), parseReference(name), { progress })
    console.log(`Digest: ${digest}\nStatus: ${status === 'newer' ? 'Downloaded newer image' : 'Image is up to date'} for ${name}`)
  },
  push: async () => console.log(`digest: ${(await push(openImages(what), parseReference(name), { progress })).digest}`),
  login: async () =>
    console.log(await login({ host: what, username: name, password: (await text(process.stdin)).trimEnd(), warn: console.error })),
  logout: async () => console.log(await logout(what)), collect: () => console.log(collect(what, { age: 0 })),
}
await main('pocker', async () => {
  const body = VERBS[verb]
  if (!body || !what) throw new SpecError(`usage: pocker.ts ${Object.keys(VERBS).join('|')} DIRECTORY|HOST [IMAGE|PORT|USER]`)
  await body()
  return 0
})
