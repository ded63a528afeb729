// The runtime, without its memory: a bundle becomes a plan, and a monitor makes the container. No state, so nothing but `run`.
//   npx tsx chapters/13-runtime/pocker.ts run ./bundle
//   npx tsx chapters/13-runtime/pocker.ts explain ./bundle
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { prepare, remove } from '@pocker/cgroup'
import { Birth, compile, placeFor, readSpec } from '@pocker/runtime'
import { exitCode, explain, forwardSignals, main, make, SpecError, type Plan } from '@pocker/syscalls'

await main('pocker', async () => {
  const [verb, folder] = process.argv.slice(2)
  if (folder === undefined || !['run', 'explain'].includes(verb ?? '')) throw new SpecError('usage: pocker.ts run|explain BUNDLE')
  const bundle = resolve(folder)
  const spec = readSpec(readFileSync(join(bundle, 'config.json'), 'utf8'))
  const place = { ...placeFor(spec, { id: `run-${process.pid}`, bundle }), waits: { hooks: false, start: false } }
  const plan = compile(spec, place)
  if (verb === 'explain') {
    console.log(explain(plan))
    return 0
  }
  if (place.group) prepare(place.group.tree, dirname(place.group.path))
  return run(plan).finally(() => place.group && remove(place.group))
})

async function run(plan: Plan): Promise<number> {
  make(plan.needs)
  const birth = new Birth(plan, { stays: true })
  const stop = forwardSignals(() => birth.pid)
  if (birth.reported()) birth.work()
  birth.go() //               it is there, and its maps are written
  if (birth.reported()) birth.go() // it waits at its last gate
  try {
    birth.executed()
    return exitCode(await birth.ended())
  } finally {
    stop()
    birth.free()
  }
}
