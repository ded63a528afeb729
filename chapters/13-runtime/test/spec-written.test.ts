// What is written here: the config.json to begin with, and what is told to engines.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseOptions } from '@pocker/mount'
import { defaultSpec } from '../src/spec/default.ts'
import { features } from '../src/spec/features.ts'
import { readSpec } from '../src/spec/read.ts'
import { warningsOf } from '../src/spec/warnings.ts'

test('what spec writes is taken as it is, and asks for nothing in vain', () => {
  for (const rootless of [true, false]) {
    const spec = defaultSpec({ rootless })
    assert.equal(readSpec(JSON.stringify(spec)), spec)
    assert.equal(warningsOf(spec), [])
    assert.is(spec.linux?.namespaces?.some(({ type }) => type === 'user'), rootless)
  }
})

test('every mount option that is promised is one of the tables, and none of the tables is forgotten', () => {
  const { mountOptions } = features() as { mountOptions: string[] }
  // Seen by conformance.test.ts to be taken, by the kernel or by nobody.
  const general = new Set(`async dirsync iversion lazytime loud mand noiversion nolazytime nomand norelatime nostrictatime silent
    sync`.split(/\s+/))
  const ours = mountOptions.filter((word) => !general.has(word))
  assert.is(mountOptions.length - ours.length, general.size)
  for (const word of ours) assert.equal(parseOptions([word]).data, [], word)
  for (const word of ours) {
    if (!['defaults', 'remount'].includes(word)) assert.is(changes(word), true, word)
  }
  for (const word of ['ro', 'rw', 'nosuid', 'noexec', 'nodev', 'bind', 'rbind', 'rslave', 'shared', 'noatime', 'nosymfollow']) {
    assert.ok(mountOptions.includes(word), word)
  }
  for (const word of ['size=64k', 'mode=755', 'norelatimes']) {
    assert.is(mountOptions.includes(word), false, word)
    assert.is(parseOptions([word]).data.length, 1, word)
  }
})

/** Whether the parser makes anything of it. */
const changes = (word: string): boolean => JSON.stringify(parseOptions([word])) !== JSON.stringify(parseOptions([]))

interface Told {
  readonly ociVersionMax: string
  readonly linux: { readonly namespaces: string[]; readonly seccomp: { readonly archs: string[]; readonly knownFlags: string[] } }
}

test('features tells only of what is read here', () => {
  const told = features() as Told
  const namespaces = told.linux.namespaces.map((type) => ({ type }))
  readSpec(JSON.stringify({ ociVersion: told.ociVersionMax, root: { path: 'rootfs' }, linux: { namespaces } }))
  assert.ok(told.linux.seccomp.archs.includes('SCMP_ARCH_X86_64'))
  assert.ok(told.linux.seccomp.knownFlags.includes('SECCOMP_FILTER_FLAG_LOG'))
})

test.run()
