// Five hundred lives in a row: the last are as fast as the first, and nothing is left.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rootTest } from '@pocker/testing'
import { begin } from './oci.ts'

const [LIVES, PART] = [500, 100]
const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN

rootTest(test, `${LIVES} times create, start, kill, delete: nothing is left`, async () => {
  const oci = await begin()
  const times: number[] = []
  for (let i = 0; i < LIVES; i++) {
    const id = oci.bundle()
    const start = performance.now()
    oci.create(id)
    oci.must('start', id)
    oci.must('kill', id, 'KILL')
    oci.must('delete', '--force', id)
    times.push(performance.now() - start)
  }
  assert.equal(await oci.left(), [])
  const [first, last] = [median(times.slice(0, PART)), median(times.slice(-PART))]
  console.log(`\n  medians: first hundred ${first.toFixed(0)} ms, last hundred ${last.toFixed(0)} ms for the four verbs`)
  await oci.end()
})

test.run()
