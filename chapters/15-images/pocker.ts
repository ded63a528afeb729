// The runtime so far: a root out of an image; its program, environment and directory as well.
//   npx tsx chapters/15-images/pocker.ts base ./store busybox               makes it out of Debian's packages
//   npx tsx chapters/15-images/pocker.ts run|explain ./store busybox [PROGRAM...]
//   npx tsx chapters/15-images/pocker.ts images|check ./store  save|load|import ./store FILE [IMAGE]  tag|rmi ./store IMAGE [NAME]
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { ensureBase, importRootfs, load, openImages, parseBase, parseReference, save, tree, type Image } from '@pocker/images'
import { ipc, ipcMounts } from '@pocker/ipc'
import { Writables } from '@pocker/layers'
import { DEFAULT_MOUNTS, mounts } from '@pocker/mount'
import { net } from '@pocker/net'
import { pid } from '@pocker/pid'
import { command, explain, foreground, main, plan, runForeground, SpecError, type Plan } from '@pocker/syscalls'
import { uts } from '@pocker/uts'

const [verb = '', directory = '', what = '', ...rest] = process.argv.slice(2)
const [images, file, named] = [openImages(directory), () => createReadStream(what), () => parseReference(rest[0] ?? '')]
const writables = new Writables(images.layers)
async function contained(body: (made: Plan) => unknown): Promise<unknown> {
  const { layers, config: { config: { Entrypoint = [], Cmd = [], Env = [], WorkingDir = '/' } = {} } } = images.find(what)
  const [name, argv] = [`run-${process.pid}`, [...Entrypoint, ...(rest.length > 0 ? rest : Cmd)]]
  await writables.create(name, layers.at(-1))
  const root = mounts({ root: writables.root(name), mounts: [...DEFAULT_MOUNTS, ...ipcMounts({ mode: 'private' })] })
  const own = [foreground(), uts({ hostname: 'box' }), pid({ mode: 'private' }), ipc({ mode: 'private' }), net({ mode: 'none' })]
  const made = plan([...own, root, command({ argv, env: Env, cwd: WorkingDir })])
  return Promise.resolve(body(made)).finally(() => writables.remove(name))
}
const show = (some: readonly Image[]): void => console.log(some.map((image) => tree(image)).join('\n'))
const VERBS: Readonly<Record<string, () => unknown>> = {
  base: async () => show([(await ensureBase(parseBase(what), images)).image]), images: () => show(images.list()),
  run: () => contained(runForeground), explain: () => contained((made) => console.log(explain(made))),
  tag: async () => show([await images.tag(images.find(what), named())]), rmi: async () => console.log(await images.remove(what)),
  check: async () => console.log(await images.check()), save: () => pipeline(save(images, rest), createWriteStream(what)),
  load: async () => show((await load(images, file())).map(({ image }) => image)),
  import: async () => show([await importRootfs(images, file(), { reference: named() })]),
}
await main('pocker', async () => {
  if (!VERBS[verb] || !directory) throw new SpecError(`usage: pocker.ts ${Object.keys(VERBS).join('|')} STORE [IMAGE|FILE] [...]`)
  return Number(await VERBS[verb]() ?? 0)
})
