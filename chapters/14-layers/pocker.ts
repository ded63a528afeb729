// The runtime so far: a root made of layers, each of them there once; what the container changes is a layer, too.
//   npx tsx chapters/14-layers/pocker.ts add ./layers base.tar           prints the chain ID; behind it, that of the layer below
//   npx tsx chapters/14-layers/pocker.ts create ./layers box ID
//   npx tsx chapters/14-layers/pocker.ts run|explain ./layers box /bin/sh
//   npx tsx chapters/14-layers/pocker.ts diff|commit ./layers box
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { ipc, ipcMounts } from '@pocker/ipc'
import { decompressed, Layers, Tally, tallied, Writables, type Digest } from '@pocker/layers'
import { DEFAULT_MOUNTS, mounts } from '@pocker/mount'
import { net } from '@pocker/net'
import { pid } from '@pocker/pid'
import { command, explain, foreground, main, plan, runForeground, SpecError, type Plan } from '@pocker/syscalls'
import { uts } from '@pocker/uts'

const [verb = '', directory = '', what = '', ...rest] = process.argv.slice(2)
const layers = new Layers(directory)
const writables = new Writables(layers)
const found = (id: string): Digest | undefined => layers.list().find(({ chainId }) => id && chainId.includes(id))?.chainId
const container = (): Plan => plan([
  foreground(), uts({ hostname: what }), pid({ mode: 'private' }), ipc({ mode: 'private' }), net({ mode: 'none' }),
  mounts({ root: writables.root(what), mounts: [...DEFAULT_MOUNTS, ...ipcMounts({ mode: 'private' })] }), command({ argv: rest }),
])
async function add(file: string, parent: Digest | undefined): Promise<string> {
  const tally = new Tally()
  for await (const _ of tallied(decompressed(createReadStream(file)), tally));
  return (await layers.add({ ...(parent && { parent }), diffId: tally.digest, source: { file } })).chainId
}
const VERBS: Readonly<Record<string, () => unknown>> = {
  add: async () => console.log(await add(what, found(rest[0] ?? ''))), create: () => writables.create(what, found(rest[0] ?? '')),
  run: () => runForeground(container()), explain: () => console.log(explain(container())),
  diff: () => pipeline(writables.diff(what), process.stdout),
  commit: async () => console.log((await writables.commit(what)).chainId),
}
await main('pocker', async () => {
  const body = VERBS[verb]
  if (!body || !what) throw new SpecError('usage: pocker.ts add|create|run|explain|diff|commit LAYERS ARCHIVE|NAME [ID|PROGRAM...]')
  return Number(await body() ?? 0)
})
