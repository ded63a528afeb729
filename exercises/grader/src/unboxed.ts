// Where the machine makes no box for an answer (no root, no user namespaces), it still computes its plan: in a node of its own
// that may read and write no file and start nothing, with little time; as nobody, if whoever grades may become that.
//
//   await computeUnboxed(code, { name: 'hostname', args: ['box'] }, limits)   → as compute()
//
// That is enough for a student's own answer on his own machine, and where each submission is alone in a container that is thrown
// away, as Gradescope's are. It is less than a box: a stranger's answer never runs so unasked.
// Invariant: what the kernel is to be asked about is still skipped. Nothing of what comes out is believed before accept() or
// acceptValue().
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { gather, NOBODY, NODE, requestOf, type Called } from './compute.ts'
import type { Outcome } from './inside.ts'
import { listenTo, type Limits } from './listen.ts'
import { field } from './status.ts'

export async function computeUnboxed(code: string, called: Called, limits: Limits): Promise<Outcome> {
  const { input, line } = requestOf(code, called)
  const [program = '', ...words] = NODE
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'ignore'], env: {}, cwd: '/', detached: true, ...nobody() })
  try {
    child.stdin.on('error', () => {}) // it may end before it has read all
    child.stdin.end(input)
    return gather(await listenTo(child.stdout, (text) => line.test(text), limits), line, called, limits)
  } finally {
    child.kill('SIGKILL')
  }
}

const [CAP_SETGID, CAP_SETUID] = [6n, 7n]

/** Root's process could end ours; nobody's cannot. */
function nobody(): { uid?: number; gid?: number } {
  const held = BigInt(`0x${field(readFileSync('/proc/self/status', 'utf8'), 'CapEff')[0] ?? '0'}`)
  const may = [CAP_SETGID, CAP_SETUID].every((bit) => held & (1n << bit))
  return may && process.geteuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
}
