// exercise: names
// wrong: sets a domain name only beside a host name
// score: 5
// says: expected the domain name
import { CLONE_NEWUTS, setdomainname, sethostname, SpecError, type Isolation } from '@pocker/syscalls'

export function names({ hostname, domainname }: { hostname?: string; domainname?: string }): Isolation {
  for (const [field, name] of Object.entries({ hostname, domainname })) {
    const bytes = Buffer.byteLength(name ?? '')
    if (bytes > 64) throw new SpecError(`${field}: at most 64 bytes, got ${bytes}`)
  }
  return {
    name: 'names',
    flags: CLONE_NEWUTS,
    child: [
      ...(hostname === undefined ? [] : [sethostname(hostname)]),
      ...(domainname === undefined || hostname === undefined ? [] : [setdomainname(domainname)]),
    ],
  }
}
