// What a group's memory does, step by step: one program keeps a MiB at each step, another reads a MiB of files.
//   npx tsx chapters/11-memory/bench/climb.ts climb.svg       (root)
// Both may have 32 MiB, and no swap. A step is a line that we write, and one that we read back: nothing is measured in time.
import { closeSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { cgroup, findTree, prepare, remove } from '@pocker/cgroup'
import { inUse, memory, oomKills } from '@pocker/memory'
import { command, foreground, pipe, plan, run, spawn } from '@pocker/syscalls'

const MiB = 1024 * 1024
const [LIMIT, STEPS] = [32, 64]
const KEEP = '$| = 1; while (<STDIN>) { push @all, "x" x (2**20 + $.); print "$.\\n" }'
const READ = '$| = 1; open F, shift; while (<STDIN>) { sysread F, $x, 2**20 or (open F, shift and redo); print "$.\\n" }'

/** What a group had in use after each step, in MiB; it is short if the kernel ended the program. */
interface Curve { readonly used: readonly number[]; readonly killed: boolean }

async function climb(name: string, argv: readonly string[]): Promise<Curve> {
  const group = { tree: findTree(), path: `/pocker/climb-${process.pid}-${name}` }
  const [stdin, out] = [pipe(), pipe()]
  const child = spawn(plan([
    cgroup(group, { namespace: 'private', removedBy: 'caller' }), memory(group, { limit: LIMIT * MiB, swap: LIMIT * MiB }),
    foreground(), command({ argv, stdio: [stdin.reader, out.writer, 2] }),
  ]))
  for (const fd of [stdin.reader, out.writer]) closeSync(fd)
  const used = [inUse(group) / MiB]
  try {
    while (used.length <= STEPS) {
      writeSync(stdin.writer, '\n')
      if (readSync(out.reader, Buffer.alloc(16)) === 0) break // it is gone
      used.push(inUse(group) / MiB)
    }
    return { used, killed: oomKills(group) > 0 }
  } finally {
    for (const fd of [stdin.writer, out.reader]) closeSync(fd)
    await remove(group)
    await child.wait()
  }
}

/** Large files that npm has brought. What is in the cache already was put there by others, and counts as theirs. */
async function files(): Promise<string[]> {
  const { stdout } = await run([], ['find', 'node_modules', '-type', 'f', '-size', '+1M', '-printf', '%s %p\\n'])
  const largestFirst = stdout.split('\n').filter(Boolean).toSorted((a, b) => Number.parseInt(b) - Number.parseInt(a))
  const paths = largestFirst.map((line) => line.slice(line.indexOf(' ') + 1))
  for (const path of paths) await run([], ['dd', `if=${path}`, 'iflag=nocache', 'count=0', 'status=none'])
  return paths
}

const CROSS = 'l12 12m0 -12l-12 12'

/** Pixels of a point: MiB asked for, MiB in use. */
const at = (x: number, y: number): string => `${(70 + x * 9.4).toFixed(1)} ${(250 - y * 5.2).toFixed(1)}`
const line = ({ used }: Curve): string => used.map((y, x) => `${x ? 'L' : 'M'}${at(x, y)}`).join('')
const label = (point: string, text: string, rest = ''): string => {
  const [x, y] = point.split(' ')
  return `  <text x="${x}" y="${y}" ${rest}>${text}</text>`
}

function picture(keeps: Curve, reads: Curve): string {
  const last = keeps.used.length - 1
  const end = at(last, keeps.used[last] ?? 0)
  const [endX = '', endY = ''] = end.split(' ')
  return `${[
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 310" width="720" height="310" font-family="system-ui, sans-serif" '
    + 'font-size="14" role="img" aria-label="Memory in use, over memory asked for, with a limit of 32 MiB. The program that keeps '
    + `its memory climbs in a straight line and is killed after ${last} MiB. The program that reads files climbs as well, and then `
    + 'stays below the limit until it has read 64 MiB.">',
    '  <rect width="720" height="310" rx="8" fill="#f6f8fa"/>',
    `  <path d="M${at(0, 43)}L${at(0, 0)}L${at(64, 0)}" fill="none" stroke="#57606a" stroke-width="1.5"/>`,
    `  <path d="M${at(0, LIMIT)}L${at(64, LIMIT)}" stroke="#cf222e" stroke-width="1.5" stroke-dasharray="6 4"/>`,
    `  <path d="${line(reads)}" fill="none" stroke="#0969da" stroke-width="2.5"/>`,
    `  <path d="${line(keeps)}" fill="none" stroke="#1f2328" stroke-width="2.5"/>`,
    keeps.killed ? `  <path d="M${Number(endX) - 6} ${Number(endY) - 6}${CROSS}" stroke="#cf222e" stroke-width="3"/>` : '',
    '  <g fill="#57606a">',
    ...[0, 16, 32, 48, 64].map((x) => label(at(x, -4), String(x), 'text-anchor="middle"')),
    ...[0, 16, 32].map((y) => label(at(-1, y - 1), String(y), 'text-anchor="end"')),
    label(at(32, -9), 'MiB that the program has asked for', 'text-anchor="middle"'),
    label(at(-4, 44.6), 'MiB in use by the group'),
    '  </g>',
    label(at(65, 33), 'memory.max', 'fill="#cf222e" text-anchor="end"'),
    label(at(last - 2, 37), 'keeps what it has: killed', 'fill="#1f2328" font-weight="600" text-anchor="end"'),
    label(at(38, 26), 'reads files: page cache makes room', 'fill="#0969da" font-weight="600"'),
    '</svg>',
  ].filter(Boolean).join('\n')}\n`
}

const [target] = process.argv.slice(2)
prepare(findTree(), '/pocker')
const keeps = await climb('keeps', ['perl', '-e', KEEP])
const reads = await climb('reads', ['perl', '-e', READ, ...await files()])
for (const [name, { used, killed }] of Object.entries({ keeps, reads })) {
  console.log(`${name}: ${used.length - 1} steps, at most ${Math.max(...used).toFixed(1)} MiB, ${killed ? 'killed' : 'lives'}`)
}
if (target) writeFileSync(target, picture(keeps, reads))
