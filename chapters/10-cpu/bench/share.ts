// How much of the processors busy loops get under a quota, period by period, as the kernel counts it.
//   npx tsx chapters/10-cpu/bench/share.ts share.svg          (root; some 15 seconds)
// Each curve is a group of its own with a quota for each period of 100 ms. A point is the usage of one second.
import { writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { cgroup, findTree, prepare, remove } from '@pocker/cgroup'
import { cpu, parseList, PERIOD, throttling } from '@pocker/cpu'
import { command, foreground, plan, spawn } from '@pocker/syscalls'

const POINTS = 4
const tree = findTree()
const processors = parseList('cpus', tree.cpus).length
/** In percent of one processor, and how many loops use it. With one processor, two loops get no more than that. */
const CURVES = [[10, 1], [50, 1], [150, 2]] as const
const COLOURS = ['#0969da', '#1a7f37', '#9a6700']

/** @returns the percentage of one processor in each second */
async function measure(percent: number, loops: number): Promise<number[]> {
  const group = { tree, path: `/pocker/share-${process.pid}-${percent}` }
  const argv = ['sh', '-c', `${'while :; do :; done & '.repeat(loops)}wait`]
  const child = spawn(plan([
    cgroup(group, { namespace: 'private', removedBy: 'caller' }), cpu(group, { quota: percent * PERIOD / 100 }),
    foreground(), command({ argv }),
  ]))
  try {
    const shares: number[] = []
    let [then, usage] = [process.hrtime.bigint(), throttling(group).usage]
    while (shares.length < POINTS) {
      await pause(1000)
      const [now, used] = [process.hrtime.bigint(), throttling(group).usage]
      shares.push(((used - usage) * 100_000) / Number(now - then))
      ;[then, usage] = [now, used]
    }
    const { periods, throttled } = throttling(group)
    const got = shares.map((share) => share.toFixed(0)).join(', ')
    console.log(`${percent} %: got ${got} %; throttled in ${throttled} of ${periods} periods`)
    return shares
  } finally {
    await remove(group)
    await child.wait()
  }
}

/** Pixels: seconds to the right, percent upwards. */
const x = (second: number): number => 80 + second * 130
const y = (percent: number): number => 260 - percent * 1.1
const text = (at: readonly [number, number], what: string, rest = ''): string => `<text x="${at[0]}" y="${at[1]}"${rest}>${what}</text>`

function drawing(curves: readonly (readonly number[])[]): string {
  const label = `Share of the processors that busy loops got: ${CURVES.map(([percent, loops], i) =>
    `with a quota of ${percent} percent and ${loops === 1 ? 'one loop' : 'two loops'}, ${curves[i]?.map((share) => share.toFixed(0)).join(', ')} percent`).join('; ')}`
  const grid = [0, 50, 100, 150].map((percent) =>
    `  <path d="M80 ${y(percent)}H600" stroke="#d0d7de"/>${text([72, y(percent) + 5], `${percent} %`, ' text-anchor="end"')}`)
  const lines = curves.map((shares, i) => {
    const [percent, loops] = CURVES[i] ?? [0, 0]
    const steps = shares.map((share, second) => `M${x(second)} ${y(share).toFixed(1)}H${x(second + 1)}`).join('')
    const name = `${percent} %, ${loops === 1 ? 'one loop' : 'two loops'}`
    return `  <path d="${steps}" stroke="${COLOURS[i]}" stroke-width="3"/>${text([608, Math.round(y(shares.at(-1) ?? 0)) + 5], name, ` fill="${COLOURS[i]}"`)}`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 310" width="720" height="310" font-family="system-ui, sans-serif" font-size="14" role="img" aria-label="${label}">`,
    '  <rect width="720" height="310" rx="8" fill="#f6f8fa"/>', '  <g fill="none"><g fill="#57606a">', ...grid,
    `  ${[1, 2, 3, 4].map((second) => text([x(second - 0.5), 282], `${second}.`, ' text-anchor="middle"')).join('')}${text([340, 302], 'second', ' text-anchor="middle"')}</g>`,
    ...lines, '  </g>',
    `  ${text([20, 30], `what busy loops got of one processor (this machine has ${processors})`, ' fill="#1f2328" font-weight="600"')}`, '</svg>', '',
  ].join('\n')
}

prepare(tree, '/pocker')
const curves: number[][] = []
for (const [percent, loops] of CURVES) curves.push(await measure(percent, loops))
const [file] = process.argv.slice(2)
if (file) writeFileSync(file, drawing(curves))
