// A caller that is killed in front of every single one of its system calls that change something.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rootTest } from '@pocker/testing'
import { sweep, VERBS } from './faults.ts'
import { begin, type Oci } from './oci.ts'

let oci: Oci
test.before.each(async () => { oci = await begin() })
test.after.each(() => oci.end())

/** Node itself makes a call more or less now and then, and the last one is never made. */
const MOST = 0.8

for (const verb of VERBS) {
  rootTest(test, `${verb}, killed with -9 in front of every one of its system calls: delete --force leaves nothing`, async () => {
    const { tried, killed } = await sweep(oci, verb, { step: 1, phase: 0 })
    console.log(`\n  ${verb}: killed ${killed} of ${tried} times`)
    assert.ok(killed > 0 && killed >= tried * MOST, `killed ${killed} of ${tried} times`)
  })
}

test.run()
