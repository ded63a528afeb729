// Killed at some of all moments; at all of them: crash.long.ts.
import { test } from 'uvu'
import { crashTests } from './crash.ts'

crashTests(test, { of: 25 })
test.run()
