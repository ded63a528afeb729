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
    console.log(`${percent} %: got ${whole(shares)} %; throttled in ${throttled} of ${periods} periods`)
    return shares
  } finally {
    await remove(group)
    await child.wait()
  }
}

/** Pixels: seconds to the right, percent upwards. */
const x = (second: number): number => 80 + second * 125
const y = (percent: number): number => Math.round(260 - percent * 1.1)
const text = (left: number, top: number, what: string, rest = ''): string => `<text x="${left}" y="${top}"${rest}>${what}</text>`
const whole = (shares: readonly number[]): string => shares.map((share) => share.toFixed(0)).join(', ')
const nameOf = ([percent, loops]: (typeof CURVES)[number]): string => `${percent} %, ${loops === 1 ? 'one loop' : 'two loops'}`

const grid = (percent: number): string =>
  `<path d="M80 ${y(percent)}H580" stroke="#d0d7de"/>${text(72, y(percent) + 5, `${percent} %`, ' text-anchor="end"')}`

function curve(shares: readonly number[], name: string, colour: string): string {
  const steps = shares.map((share, second) => `M${x(second)} ${y(share)}H${x(second + 1)}`).join('')
  const label = text(590, y(shares.at(-1) ?? 0) + 5, name, ` fill="${colour}"`)
  return `  <path d="${steps}" stroke="${colour}" stroke-width="3"/>${label}`
}

function drawing(curves: readonly (readonly number[])[]): string {
  const title = `what busy loops got of one processor (this machine has ${processors})`
  const label = CURVES.map((one, i) => `quota ${nameOf(one)}: ${whole(curves[i] ?? [])} %`).join('; ')
  const size = 'viewBox="0 0 720 310" width="720" height="310"'
  const seconds = curves[0]?.map((_, i) => text(x(i + 0.5), 282, `${i + 1}.`, ' text-anchor="middle"')).join('')
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="system-ui, sans-serif" font-size="14" role="img"`,
    `  aria-label="${title}, second by second; ${label}">`,
    '  <rect width="720" height="310" rx="8" fill="#f6f8fa"/>',
    `  <g fill="#57606a">${[0, 50, 100, 150].map(grid).join('')}</g>`,
    `  <g fill="#57606a">${seconds}${text(330, 302, 'second', ' text-anchor="middle"')}</g>`,
    ...CURVES.map((one, i) => curve(curves[i] ?? [], nameOf(one), COLOURS[i] ?? '#000000')),
    `  ${text(20, 30, title, ' fill="#1f2328" font-weight="600"')}`, '</svg>', '',
  ].join('\n')
}

prepare(tree, '/pocker')
const curves: number[][] = []
for (const [percent, loops] of CURVES) curves.push(await measure(percent, loops))
const [file] = process.argv.slice(2)
if (file) writeFileSync(file, drawing(curves))
