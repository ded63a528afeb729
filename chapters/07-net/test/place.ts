// Where the tests of this chapter work: fresh network namespaces, and nothing is left of them.
//
//   const { test, place } = placesFor(suite); const { net, ask } = place(); ask('ip', 'link')   → what `ip -j link` says in there
//   const test = around(suite, () => { …; return () => … })   what is to be done before and after each test
//   agree(ours, theirs)                                       while the kernel goes on
//
// Invariant: after each test, namespaces and descriptors are as before, and no link that it made is on the host. Links that
// somebody else makes there meanwhile are his.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Callback, Test } from 'uvu'
import * as assert from 'uvu/assert'
import { listLinks, listNetns, makeNetns, Netlink, NetlinkError, removeNetns } from '@pocker/net'

/** A network namespace, a client in it, and what a tool of Debian's says there, as JSON. */
export interface Place {
  readonly path: string
  readonly net: Netlink
  readonly ask: (...argv: string[]) => Record<string, any>[]
}

const descriptors = (): number => readdirSync('/proc/self/fd').length
const hostLinks = (): Set<string> => new Set(readFileSync('/proc/self/net/dev', 'utf8').match(/[^ \n:]+(?=:)/g))
/** Asked through a client of its own: if a client worked in a wrong place, this one sees what it did there. */
function linksIn(path: string): string[] {
  const net = Netlink.open(path)
  const names = net.list(listLinks).map(({ name }) => name)
  net.close()
  return names
}

/**
 * What is done before and after each test, as part of the test: uvu calls a hook that failed once more, and ends the suite
 * without a word if that fails again.
 * @param begin is called before, and what it returns after; if both the test and that fail, the test's error is told
 */
export function around(suite: Test, begin: () => () => void): Test {
  const test = (name: string, body: Callback): void => suite(name, async (context) => {
    const end = begin()
    try {
      await body(context)
    } catch (error) {
      try { end() } catch { /* it follows from the error */ }
      throw error
    }
    end()
  })
  return Object.assign(test as Test, suite)
}

/** @returns the suite with what is to be done before and after each test, and a maker of places */
export function placesFor(suite: Test): { test: Test; place: (name?: string) => Place } {
  const places: Place[] = []
  let dir = ''
  const test = around(suite, () => {
    const [open, links] = [descriptors(), hostLinks()]
    dir = mkdtempSync(join(tmpdir(), 'pocker-netlink-'))
    return () => {
      const made = new Set(places.flatMap(({ path }) => linksIn(path)))
      for (const { net } of places.splice(0)) net.close()
      for (const name of listNetns(dir)) removeNetns(join(dir, name))
      rmSync(dir, { recursive: true })
      const strays = [...hostLinks()].filter((name) => !links.has(name) && made.has(name))
      // Fewer than before is no leak: the loader may have closed a file of its cache meanwhile.
      assert.equal([Math.max(descriptors(), open), strays], [open, []])
    }
  })
  return { test, place }

  function place(name = 'box'): Place {
    const path = join(dir, name)
    makeNetns(path)
    const net = Netlink.open(path)
    const ask: Place['ask'] = (tool, ...argv) =>
      JSON.parse(execFileSync('nsenter', [`--net=${path}`, tool ?? '', '-j', ...argv], { encoding: 'utf8' }) || '[]')
    places.push({ path, net, ask })
    return { path, net, ask }
  }
}

/** Compares what two say of the same. The kernel goes on meanwhile (carriers, IPv6), so only between two equal answers of ours. */
export function agree(ours: () => unknown, theirs: () => unknown): void {
  for (;;) {
    const [first, other, second] = [ours(), theirs(), ours()]
    if (isDeepStrictEqual(first, second)) return assert.equal(first, other)
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
