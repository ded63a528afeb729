// exercise: names
// wrong: host name and domain name the wrong way round
// score: 2
// says: expected the host name
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
      ...(domainname === undefined ? [] : [sethostname(domainname)]),
      ...(hostname === undefined ? [] : [setdomainname(hostname)]),
    ],
  }
}
