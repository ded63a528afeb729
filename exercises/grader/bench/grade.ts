// What grading a class costs: 200 submissions of one chapter, right and wrong ones, from nothing, and once more with all results
// there. Seconds in all, milliseconds for each, and the most memory that the graders had at a time.
//   npm run bench -- grade [SUBMISSIONS] [JOBS]
// Peer: the same answers without the grader's boxes and sandboxes cannot be graded; measured beside it is what node alone
// costs, once for each call of an answer's function: node -e 0.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { exercises, exercisesVersion, graderVersion, ROOT, run, select, submissions } from '@pocker/grader'

const count = Number(process.argv[2] ?? 200)
const jobs = Number(process.argv[3] ?? availableParallelism())
const CHAPTER = '02-uts'
const dir = mkdtempSync(join(tmpdir(), 'bench-'))
const wrong = join(ROOT, 'solutions', CHAPTER, 'wrong')
const variants = readdirSync(wrong)
for (let i = 0; i < count; i++) {
  const to = join(dir, `s${i}`, CHAPTER)
  cpSync(join(ROOT, 'solutions', CHAPTER), to, { recursive: true, filter: (path) => !/\/wrong$|\.test\.ts$/.test(path) })
  const variant = variants[i % variants.length] ?? ''
  if (i % 2) cpSync(join(wrong, variant), join(to, `${variant.split('-')[0]}.ts`))
}
const chosen = select(await exercises(), '02')
const course = { exercises: chosen, versions: { exercises: exercisesVersion(chosen), grader: graderVersion() } }
const options = { out: join(dir, '.out'), jobs, seconds: 10, only: '02' }

/** MiB that this process and all below it have. */
function memory(): number {
  const all = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).map((pid) => {
    try {
      const text = readFileSync(`/proc/${pid}/status`, 'utf8')
      const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0)
      return { pid: Number(pid), parent: field('PPid'), kib: field('RssAnon') }
    } catch {
      return { pid: 0, parent: 0, kib: 0 }
    }
  })
  const ours = new Set([process.pid])
  for (let size = 0; size < ours.size;) {
    size = ours.size
    for (const { pid, parent } of all) if (ours.has(parent)) ours.add(pid)
  }
  return all.filter(({ pid }) => ours.has(pid)).reduce((sum, { kib }) => sum + kib, 0) / 1024
}

let most = 0
const watch = setInterval(() => { most = Math.max(most, memory()) }, 200)
try {
  for (const what of ['from nothing', 'again']) {
    const began = performance.now()
    await run(submissions(dir), course, options)
    const seconds = (performance.now() - began) / 1000
    const each = (seconds / count * 1000).toFixed(0)
    console.log(`${what.padEnd(13)} ${count} submissions, ${jobs} jobs: ${seconds.toFixed(1)} s, ${each} ms each`)
  }
  console.log(`memory        ${most.toFixed(0)} MiB at most, the answers' own included`)
  const began = performance.now()
  for (let i = 0; i < 20; i++) spawnSync(process.execPath, ['-e', '0'])
  console.log(`node -e 0     ${((performance.now() - began) / 20).toFixed(0)} ms each`)
} finally {
  clearInterval(watch)
  rmSync(dir, { recursive: true, force: true })
}
