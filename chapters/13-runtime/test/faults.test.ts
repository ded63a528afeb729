// Whoever calls may be killed at any moment, and several may call at once: nothing is ever left that delete does not take away.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rootTest } from '@pocker/testing'
import { cleaned, sweep, VERBS } from './faults.ts'
import { begin, type Oci, type Result } from './oci.ts'

let oci: Oci
test.before.each(async () => { oci = await begin() })
test.after.each(() => oci.end())

/** Of so many calls, one; each verb begins at another. All of them: faults.long.ts. */
const STEP = 9
const ROUNDS = 5
/** Node itself makes a call more or less now and then, and the last one is never made. */
const MOST = 0.8

for (const [phase, verb] of VERBS.entries()) {
  rootTest(test, `${verb}, killed with -9 in front of every ${STEP}th of its system calls: delete --force leaves nothing`, async () => {
    const { tried, killed } = await sweep(oci, verb, { step: STEP, phase })
    assert.ok(killed > 0 && killed >= tried * MOST, `killed ${killed} of ${tried} times`)
  })
}

/** One line, as for whoever types it: no crash, no stack. */
const isOneLine = ({ stderr }: Result): void => assert.match(stderr, /^pocker oci: [^\n]+\n$/)

rootTest(test, 'two that make a container of one name at once: one does, the other is told that it exists', async () => {
  for (let i = 0; i < ROUNDS; i++) {
    const id = oci.bundle()
    const words = ['create', '--bundle', oci.dirOf(id), id]
    const results = await Promise.all([oci.begin({}, ...words).done, oci.begin({}, ...words).done])
    assert.equal(results.map(({ code }) => code).toSorted(), [0, 1])
    for (const { code, stderr } of results) {
      assert.is(stderr, code === 0 ? '' : `pocker oci: container "${id}" exists already; try: pocker oci delete ${id}\n`)
    }
    assert.is(oci.state(id).status, 'created')
    await cleaned(oci, id, 'two creates')
  }
})

rootTest(test, 'two that start a container at once: one does, the other is told that it runs', async () => {
  for (let i = 0; i < ROUNDS; i++) {
    const id = oci.bundle()
    oci.create(id)
    const results = await Promise.all([oci.begin({}, 'start', id).done, oci.begin({}, 'start', id).done])
    assert.equal(results.map(({ code }) => code).toSorted(), [0, 1])
    for (const { code, stderr } of results) {
      assert.is(stderr, code === 0 ? '' : `pocker oci: start: expected a container that is created, ${id} is running\n`)
    }
    await cleaned(oci, id, 'two starts')
  }
})

rootTest(test, 'two that delete a container at once, with --force: both find it gone', async () => {
  for (let i = 0; i < ROUNDS; i++) {
    const id = oci.started()
    const results = await Promise.all([oci.begin({}, 'delete', '-f', id).done, oci.begin({}, 'delete', '-f', id).done])
    for (const { code, stderr } of results) {
      assert.ok(code === 0 || stderr === `pocker oci: container "${id}" does not exist\n`, stderr)
    }
    assert.ok(results.some(({ code }) => code === 0))
    assert.equal(await oci.left(), [])
  }
})

rootTest(test, 'programs started in a container while it is deleted: each runs or is told why not, and none is left', async () => {
  let refused = 0
  for (let i = 0; i < ROUNDS; i++) {
    const id = oci.started()
    const execs = Array.from({ length: 3 }, () => oci.begin({}, 'exec', '--detach', id, '/bin/sleep', '1001'))
    const { code, stderr } = await oci.begin({}, 'delete', '--force', id).done
    assert.is(code, 0, stderr)
    for (const { done } of execs) {
      const result = await done
      if (result.code === 0) continue
      refused++
      isOneLine(result)
    }
    assert.equal(await oci.left(), [])
  }
  console.log(`\n  refused ${refused} of ${3 * ROUNDS}`)
})

rootTest(test, 'a container that is created, killed and deleted from many sides at once', async () => {
  for (let i = 0; i < ROUNDS; i++) {
    const id = oci.bundle()
    const words = [['create', '--bundle', oci.dirOf(id), id], ['start', id], ['kill', id, 'KILL'], ['state', id], ['delete', '--force', id]]
    for (const result of await Promise.all(words.map((line) => oci.begin({}, ...line).done))) {
      if (result.code !== 0) isOneLine(result)
    }
    await cleaned(oci, id, 'from many sides')
  }
})

test.run()
