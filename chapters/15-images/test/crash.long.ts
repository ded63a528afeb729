// Killed in front of every single change of a file.
import { test } from 'uvu'
import { crashTests } from './crash.ts'

crashTests(test, { of: 1 })
test.run()
