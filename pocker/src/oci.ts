// The command `pocker oci`, a program of its own: see chapter 13.
import { oci } from '@pocker/runtime'

/** At once: to take the engine of JavaScript apart in good order would take longer than what it was started for. */
void oci(process.argv.slice(process.argv[2] === 'oci' ? 3 : 2)).then((code) => process.exit(code))
