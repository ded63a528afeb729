// exercise: names
// wrong: forgets the flag
// score: 5
// says: CLONE_NEWUTS is missing: the names would have become the machine's
import { setdomainname, sethostname, SpecError, type Isolation } from '@pocker/syscalls'

export function names({ hostname, domainname }: { hostname?: string; domainname?: string }): Isolation {
  for (const [field, name] of Object.entries({ hostname, domainname })) {
    const bytes = Buffer.byteLength(name ?? '')
    if (bytes > 64) throw new SpecError(`${field}: at most 64 bytes, got ${bytes}`)
  }
  return {
    name: 'names',
    child: [
      ...(hostname === undefined ? [] : [sethostname(hostname)]),
      ...(domainname === undefined ? [] : [setdomainname(domainname)]),
    ],
  }
}
