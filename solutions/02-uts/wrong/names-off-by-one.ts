// exercise: names
// wrong: refuses 64 bytes as well
// score: 5
// says: hostname: at most 64 bytes, got 64
import { CLONE_NEWUTS, setdomainname, sethostname, SpecError, type Isolation } from '@pocker/syscalls'

export function names({ hostname, domainname }: { hostname?: string; domainname?: string }): Isolation {
  for (const [field, name] of Object.entries({ hostname, domainname })) {
    const bytes = Buffer.byteLength(name ?? '')
    if (bytes >= 64) throw new SpecError(`${field}: at most 64 bytes, got ${bytes}`)
  }
  return {
    name: 'names',
    flags: CLONE_NEWUTS,
    child: [
      ...(hostname === undefined ? [] : [sethostname(hostname)]),
      ...(domainname === undefined ? [] : [setdomainname(domainname)]),
    ],
  }
}
