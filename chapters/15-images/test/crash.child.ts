// A process that changes a store, and may end itself in front of one of its changes, by number.
//
//   node crash.child.ts ROOT VERB FILE NUMBER   → prints how many changes it made, if it lived to see the end
//
// A change is a call that makes, names or removes a file. SIGKILL is sent to itself: nothing of its code runs any more.
import * as fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { importRootfs, load, openImages, parseReference } from '@pocker/images'

const [root = '', verb = '', file = '', number = ''] = process.argv.slice(2)
let changes = 0

type Calls = Record<string, (...words: never[]) => unknown>
function counted(calls: Calls, names: readonly string[]): void {
  for (const name of names) {
    const call = calls[name] as Calls[string]
    calls[name] = (...words) => {
      if (++changes === Number(number)) process.kill(process.pid, 'SIGKILL')
      return call.apply(calls, words)
    }
  }
}

const { default: writable } = fs as unknown as { default: Calls & { promises: Calls } }
counted(writable, ['openSync', 'writeFileSync', 'mkdirSync', 'renameSync', 'rmSync', 'symlinkSync', 'fsyncSync', 'closeSync'])
counted(writable.promises, ['open', 'rename', 'rm'])
syncBuiltinESMExports()

const images = openImages(root)
console.log('ready')
const VERBS: Readonly<Record<string, () => Promise<unknown>>> = {
  load: () => load(images, fs.createReadStream(file)),
  import: () => importRootfs(images, fs.createReadStream(file), { reference: parseReference('imported:1'), created: new Date(0) }),
  rmi: () => images.remove('box:1'),
  prune: () => images.prune({ all: true }),
}
await VERBS[verb]?.()
console.log(changes)
