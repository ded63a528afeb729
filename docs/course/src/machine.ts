// What this machine has that the course needs, besides what the grader asks of the kernel (grader/doctor.ts).
//
//   examineAll()   → findings: ok, less (some checks are skipped), no (see the remedy)
//
// Invariant: nothing of the machine changes.
import { readFileSync, statfsSync } from 'node:fs'
import { examine, type Finding } from '@pocker/grader'
import { courseRoot } from './work.ts'

/** Bytes: the grader's root file system, the caches of tsx, and the answers. */
const ROOM = 200 * 1024 * 1024
const MiB = 1024 * 1024

type Answer = Omit<Finding, 'name'>

export async function examineAll(): Promise<Finding[]> {
  const ours = Object.entries(QUESTIONS).map(([name, ask]): Finding => ({ name, ...ask() }))
  return [...ours, ...await examine()]
}

const QUESTIONS: Readonly<Record<string, () => Answer>> = {
  node: () => ({ state: 'ok', found: process.version }), // bin/course.mjs has seen to it
  disk, saving,
}

function disk(): Answer {
  const { bavail, bsize } = statfsSync(courseRoot())
  const found = `${Math.floor((bavail * bsize) / MiB)} MiB free`
  return bavail * bsize < ROOM ? { state: 'less', found, remedy: `${ROOM / MiB} MiB are wanted` } : { state: 'ok', found }
}

const PRESS = 'press r in `course` when you have saved'

/** Of answers: `course` is told by the kernel. */
function saving(): Answer {
  try {
    const most = Number(readFileSync('/proc/sys/fs/inotify/max_user_watches', 'utf8'))
    if (most >= 8) return { state: 'ok', found: 'noticed' }
    return { state: 'less', found: `fs.inotify.max_user_watches is ${most}`, remedy: PRESS }
  } catch {
    return { state: 'less', found: 'no inotify', remedy: PRESS }
  }
}
