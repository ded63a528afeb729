// A caller that is killed in front of one of its own system calls, by number.
//
//   await sweep(oci, 'create', { step: 5, phase: 0 })   → { tried: 30, killed: 30 }
//
// A run that is let be shows which calls there are; strace counts those of a name, and sends SIGKILL in front of the Nth. It follows node's main thread only,
// so the container and its monitor run free. Invariant: behind each kill, `delete --force` succeeds and leaves nothing.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Oci, Result } from './oci.ts'

/** Those that change something, or whose result decides. A question mark: not every machine has it. */
const CHANGES = [
  'mkdir', 'mkdirat', 'open', 'openat', 'write', 'pwrite64', 'rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'rmdir',
  'mknod', 'mknodat', 'clone', 'clone3', 'vfork', 'wait4', 'kill', 'pidfd_open', 'pidfd_send_signal', 'ftruncate', 'fallocate',
  'memfd_create', 'close', 'flock', 'pipe2', 'exit_group',
].map((name) => `?${name}`).join()

const STATUSES = new Set(['creating', 'created', 'running', 'paused', 'stopped'])

export const VERBS = ['create', 'start', 'exec', 'delete'] as const
type Verb = (typeof VERBS)[number]
interface Swept { readonly tried: number; readonly killed: number }

/** Every container's own word, to find processes by. */
const wordsOf = (oci: Oci, verb: Verb, id: string): string[] => ({
  create: ['create', '--bundle', oci.dirOf(id), id],
  start: ['start', id],
  exec: ['exec', '--detach', id, '/bin/sleep', '1001'],
  delete: ['delete', id],
})[verb]

/** Brings a container to where the verb begins. */
async function before(oci: Oci, verb: Verb, id: string): Promise<void> {
  if (verb === 'create') return
  oci.create(id)
  if (verb === 'start') return
  oci.must('start', id)
  if (verb === 'exec') return
  oci.must('kill', id, 'KILL')
  await oci.stopped(id)
}

/** A call as strace counts it: the third `write`. */
interface Point { readonly name: string; readonly nth: number; readonly line: string }

/** @returns the calls of a run that is let be, from the first that has to do with the container on */
async function points(oci: Oci, verb: Verb): Promise<Point[]> {
  const id = oci.bundle()
  await before(oci, verb, id)
  const trace = join(oci.dirOf(id), 'trace')
  const { code, stderr } = oci.callWith({ wrap: ['strace', '-o', trace, '-e', `trace=${CHANGES}`] }, ...wordsOf(oci, verb, id))
  assert.is(code, 0, stderr)
  const counts = new Map<string, number>()
  const all = readFileSync(trace, 'utf8').split('\n').flatMap((line): Point[] => {
    const name = /^(\w+)\(/.exec(line)?.[1]
    if (name === undefined) return []
    const nth = (counts.get(name) ?? 0) + 1
    counts.set(name, nth)
    return [{ name, nth, line }]
  })
  const first = all.findIndex(({ line }) => line.includes(verb === 'create' ? 'config.json' : `/state/${id}`))
  assert.ok(first > 0, `${verb}: expected a call that names ${id}`)
  await cleaned(oci, id, `${verb}, not killed`)
  return all.slice(first)
}

/** `delete --force` succeeds, and takes everything away. */
export async function cleaned(oci: Oci, id: string, when: string): Promise<void> {
  const { code, signal, stderr } = oci.call('delete', '--force', id)
  assert.equal({ code, signal, stderr }, { code: 0, signal: null, stderr: '' }, `${when}: delete --force`)
  assert.equal(await oci.left(), [], when)
}

function isSensible({ code, stdout, stderr }: Result, id: string, when: string): void {
  if (code === 0) assert.ok(STATUSES.has((JSON.parse(stdout) as { status: string }).status), `${when}: ${stdout}`)
  else assert.is(stderr, `pocker oci: container "${id}" does not exist\n`, when)
}

/**
 * @param step of how many calls one is tried
 * @param phase which of them is the first
 */
export async function sweep(oci: Oci, verb: Verb, { step, phase }: { step: number; phase: number }): Promise<Swept> {
  const all = (await points(oci, verb)).filter((_, i) => i % step === phase % step)
  let killed = 0
  for (const { name, nth, line } of all) {
    const id = oci.bundle()
    await before(oci, verb, id)
    const inject = ['-e', `trace=${name}`, '-e', `inject=${name}:signal=SIGKILL:when=${nth}`]
    const { signal, code, stderr } = oci.callWith({ wrap: ['strace', '-o', '/dev/null', ...inject] }, ...wordsOf(oci, verb, id))
    const when = `${verb}, killed in front of ${line}`
    if (signal === 'SIGKILL') killed++
    else assert.is(code, 0, `${when}: ${stderr}`)
    isSensible(oci.call('state', id), id, when)
    await cleaned(oci, id, when)
  }
  return { tried: all.length, killed }
}
