// What the tests of all packages share.
//
//   rootTest(test, 'the machine keeps its own name', async () => …)   runs as root, otherwise skipped by name
//   await busybox()                                                   → the path of a root file system
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { busyboxRootfs } from '@pocker/chroot'
import type { Test } from 'uvu'

export * from './beside.ts'
export * from './user.ts'

type Body = () => void | Promise<void>

/** A test that needs a capability of the machine. A skip is printed, and must be on the list in .ci/skips.json. */
export function testIf(condition: boolean, reason: string, test: Test, name: string, body: Body): void {
  if (condition) {
    test(name, async () => void await body())
  } else {
    console.log(`\nSKIP ${name}: ${reason}`)
    test.skip(name, body)
  }
}

/** A test that makes namespaces, mounts or other users. */
export function rootTest(test: Test, name: string, body: Body): void {
  testIf(process.geteuid?.() === 0, 'needs root', test, name, body)
}

/** The root file system that all tests share; it is made once. */
export async function busybox(): Promise<string> {
  const root = process.env['POCKER_ROOT'] || join(tmpdir(), 'pocker-test')
  return (await busyboxRootfs(join(root, 'rootfs/busybox'))).path
}
