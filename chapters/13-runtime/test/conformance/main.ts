// All rows for one runtime; they are told on standard output, as JSON.
//
//   unshare -m --propagation private node --import tsx main.ts runc ROOTFS [0/2 [WORDS]]
//
// 0/2 is the first half of the rows; of them only those with these words, if some are said.
// It changes its own mount namespace: cgroup version 2 is alone in it, which crun demands, and the bundles are in memory.
// Invariant: in front of its end, nothing is left but what the kernel takes away with the namespace.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Bench, host, removeGroups, until } from './bench.ts'
import { title } from './row.ts'
import { ROWS } from './rows/index.ts'
import type { Name } from './runtimes.ts'

export interface Outcome { readonly row: string; readonly failure?: string }

const CGROUPS = '/sys/fs/cgroup'

function main([name, rootfs = '', part = '0/1', only]: readonly string[]): void {
  const dir = mkdtempSync(join(tmpdir(), 'conformance-'))
  if (existsSync(join(CGROUPS, 'unified'))) onlyUnified(dir)
  host('mount', '-t', 'tmpfs', '-o', 'mode=755', 'conformance', dir)
  // A runtime may give its standard input to the container's user; so it is not the machine's.
  host('mknod', '-m', '666', join(dir, 'null'), 'c', '1', '3')
  host('mount', '--bind', join(dir, 'null'), '/dev/null')
  const group = `/pocker/conformance-${process.pid}`
  const before = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/'
  const own = join(CGROUPS, group, 'own')
  const bench = new Bench(name as Name, dir, group, rootfs)
  try {
    // A cgroup that is told relatively is looked for beside our own.
    mkdirSync(own, { recursive: true })
    writeFileSync(join(own, 'cgroup.procs'), String(process.pid))
    const [nth = 0, of = 1] = part.split('/').map(Number)
    const share = ROWS.slice(Math.floor((ROWS.length * nth) / of), Math.floor((ROWS.length * (nth + 1)) / of))
    const rows = share.filter((row) => only === undefined || title(row).includes(only))
    writeSync(1, JSON.stringify(rows.map((row): Outcome => ({ row: title(row), ...failureOf(() => row.run(bench)) }))))
  } finally {
    bench.tidy()
    writeFileSync(join(CGROUPS, before, 'cgroup.procs'), String(process.pid))
    until('the cgroups are empty', () => !failureOf(() => removeGroups(join(CGROUPS, group))).failure)
    host('umount', '-l', dir)
    rmdirSync(dir)
  }
}

/** What would only be covered is still in the list of mounts, where runtimes look; so it is taken out. */
function onlyUnified(between: string): void {
  host('mount', '--bind', join(CGROUPS, 'unified'), between)
  host('umount', '--lazy', '--recursive', CGROUPS)
  host('mount', '--bind', between, CGROUPS)
  host('umount', between)
}

function failureOf(run: () => void): { readonly failure?: string } {
  try {
    run()
    return {}
  } catch (error) {
    return { failure: (error as Error).message }
  }
}

main(process.argv.slice(2))
