// Two at once: who comes second is told, or finds nothing left to do; and nobody ends what is another's.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { freeze, prepare, processes, remove } from '@pocker/cgroup'
import { rootTest } from '@pocker/testing'
import { list } from '../src/lifecycle/manage.ts'
import { start } from '../src/lifecycle/start.ts'
import { Store } from '../src/lifecycle/store.ts'
import type { Spec } from '../src/spec/schema.ts'
import { begin, isAlive, tryKill, until, type Oci } from './oci.ts'

let oci: Oci
test.before.each(async () => { oci = await begin() })
test.after.each(() => oci.end())

const silent = { code: 0, signal: null, stdout: '', stderr: '' }
const refuses = (line: string): object => ({ ...silent, code: 1, stderr: `pocker oci: ${line}\n` })

rootTest(test, 'one that is deleted while all are listed is not in the list', () => {
  const kept = oci.started()
  for (let looks = 1; looks <= 6; looks++) {
    const id = oci.bundle()
    oci.create(id)
    const store = new class extends Store {
      left = looks
      override path(one: string, file = ''): string {
        if (one === id && --this.left === 0) oci.must('delete', '--force', id)
        return super.path(one, file)
      }
    }(oci.root)
    assert.ok(list(store).some((one) => one.id === kept), `gone at look ${looks}`)
    oci.call('delete', '--force', id)
  }
})

rootTest(test, 'ps passes over a process that has ended meanwhile', () => {
  const id = oci.started()
  const gone = ['-P', `/proc/${oci.state(id).pid}/comm`, '-e', 'inject=?open,openat:error=ENOENT']
  assert.equal(oci.callWith({ wrap: ['strace', '-o', '/dev/null', ...gone] }, 'ps', id), { ...silent, stdout: '    PID  CMD\n' })
})

rootTest(test, 'one that is killed while it is being started is told', async () => {
  const id = oci.bundle()
  oci.create(id)
  const { pid = 0 } = oci.state(id)
  class Late extends Store {
    override config(one: string): Spec {
      tryKill(pid)
      while (isAlive(pid)) spawnSync('true')
      return super.config(one)
    }
  }
  const error = await start(new Late(oci.root), id).catch((caught: Error) => caught)
  assert.is((error as Error).message, `start: expected a container that is created, ${id} has ended meanwhile`)
})

rootTest(test, 'delete --force that waits for another delete finds nothing left to do', async () => {
  const go = join(oci.dir, 'go')
  const id = oci.bundle({ hooks: { poststop: [{ path: '/bin/sh', args: ['sh', '-c', `echo > ${go}.there; cat ${go}`] }] } })
  spawnSync('mkfifo', [go])
  oci.create(id)
  const first = oci.begin({}, 'delete', '--force', id)
  await until('the first has it', () => existsSync(`${go}.there`))
  const second = oci.begin({}, 'delete', '--force', id)
  await until('the second waits', () => new RegExp(`-> FLOCK .* ${second.child.pid} `).test(readFileSync('/proc/locks', 'utf8')))
  writeFileSync(go, '')
  assert.equal(await Promise.all([first.done, second.done]), [silent, silent])
})

rootTest(test, 'a cgroup in which somebody is already, or which is frozen, is refused, and left as it is', async () => {
  const there = oci.started()
  const { tree, path } = oci.group
  const second = oci.bundle({ linux: { cgroupsPath: `${path}/${there}` }, process: { args: ['nonexist'] } })
  assert.equal(oci.call('create', '--bundle', oci.dirOf(second), second),
    refuses(`linux.cgroupsPath: expected a cgroup without processes, got ${path}/${there} with 1`))
  assert.is(oci.state(there).status, 'running')
  assert.is(processes({ tree, path: `${path}/${there}` }).length, 1)
  const frozen = { tree, path: `${path}/frozen` }
  prepare(tree, frozen.path)
  await freeze(frozen, true)
  const third = oci.bundle({ linux: { cgroupsPath: `${frozen.path}/below` } })
  assert.equal(oci.call('create', '--bundle', oci.dirOf(third), third),
    refuses(`linux.cgroupsPath: expected a cgroup that runs, got ${frozen.path}/below, which is frozen; thaw it`))
  assert.not.ok(existsSync(join(oci.root, third)))
  await remove(frozen)
})

/** Each group that a container is in, and one below it to which its processes go. */
function movedBelow(id: string): void {
  const { tree: { unified, v1 }, path } = oci.group
  for (const root of unified === undefined ? new Set(Object.values(v1)) : [unified]) {
    const group = join(root, path, id)
    mkdirSync(join(group, 'below'))
    for (const pid of readFileSync(join(group, 'cgroup.procs'), 'utf8').trim().split('\n')) {
      writeFileSync(join(group, 'below/cgroup.procs'), pid)
    }
  }
}

rootTest(test, 'ps, kill --all and delete reach the groups that a container has made below its own', async () => {
  const namespaces = (['mount', 'ipc', 'uts', 'network', 'cgroup'] as const).map((type) => ({ type }))
  const script = 'sleep 1004 & sleep 1005; true'
  const begun = async (): Promise<[id: string, pids: number[]]> => {
    const id = oci.started({ process: { args: ['sh', '-c', script] }, linux: { namespaces, maskedPaths: [], readonlyPaths: [] } })
    await until('both are there', () => (JSON.parse(oci.must('ps', '--format', 'json', id)) as number[]).length === 3)
    movedBelow(id)
    const pids = JSON.parse(oci.must('ps', '--format', 'json', id)) as number[]
    assert.is(pids.length, 3)
    return [id, pids]
  }
  const [killed, all] = await begun()
  assert.equal(oci.call('kill', '--all', killed, 'KILL'), silent)
  await until('all have ended', () => !all.some(isAlive))
  const [deleted, others] = await begun()
  assert.equal(oci.call('delete', '--force', deleted), silent)
  assert.not.ok(others.some(isAlive))
})

test.run()
