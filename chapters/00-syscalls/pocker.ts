// The runtime so far: a program of this machine, started by a list of system calls.
//   npx tsx chapters/00-syscalls/pocker.ts run echo hello
import { command, explain, foreground, main, plan, runForeground, SpecError } from '@pocker/syscalls'

await main('pocker', async () => {
  const [verb, ...argv] = process.argv.slice(2)
  if (argv.length === 0) throw new SpecError('usage: pocker.ts run|explain PROGRAM [ARG...]')
  const container = plan([foreground(), command({ argv })])
  switch (verb) {
    case 'run': return runForeground(container)
    case 'explain': console.log(explain(container)); return 0
    default: throw new SpecError(`expected run or explain, got ${verb}`)
  }
})
