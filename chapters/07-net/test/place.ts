// Where the tests of this chapter work: fresh network namespaces, and nothing is left of them.
//
//   const place = placesFor(test); const { net, ask } = place(); ask('ip', 'link')   → what `ip -j link` says in there
//
// Invariant: after each test, namespaces, descriptors and the host's own links are as before, whether it failed or not.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'uvu'
import * as assert from 'uvu/assert'
import { listNetns, makeNetns, Netlink, NetlinkError, removeNetns } from '@pocker/net'

/** A network namespace, a client in it, and what a tool of Debian's says there, as JSON. */
export interface Place {
  readonly path: string
  readonly net: Netlink
  readonly ask: (...argv: string[]) => Record<string, any>[]
}

const remains = (): unknown => [
  readdirSync('/proc/self/fd').length, execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' }).replace(/ (group|qlen).*/gm, ''),
]

/** Registers what is to be done before and after each test. */
export function placesFor(test: Test): (name?: string) => Place {
  const clients: Netlink[] = []
  let dir = '', before: unknown
  test.before.each(() => {
    before = remains()
    dir = mkdtempSync(join(tmpdir(), 'pocker-netlink-'))
  })
  test.after.each(() => {
    for (const net of clients.splice(0)) net.close()
    for (const name of listNetns(dir)) removeNetns(join(dir, name))
    rmSync(dir, { recursive: true })
    assert.equal(remains(), before)
  })
  return (name = 'box') => {
    const path = join(dir, name)
    makeNetns(path)
    const net = Netlink.open(path)
    clients.push(net)
    const ask: Place['ask'] = (tool, ...argv) =>
      JSON.parse(execFileSync('nsenter', [`--net=${path}`, tool ?? '', '-j', ...argv], { encoding: 'utf8' }) || '[]')
    return { path, net, ask }
  }
}

/** @returns the NetlinkError as a line */
export function refused(what: () => unknown): string {
  try {
    what()
  } catch (error) {
    assert.instance(error, NetlinkError)
    return (error as Error).message
  }
  return 'nothing was thrown'
}
