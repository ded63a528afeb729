// exercise: names
// wrong: the limit counts characters, not bytes
// score: 5
// says: names() accepted what it must refuse
import { CLONE_NEWUTS, setdomainname, sethostname, SpecError, type Isolation } from '@pocker/syscalls'

export function names({ hostname, domainname }: { hostname?: string; domainname?: string }): Isolation {
  for (const [field, name] of Object.entries({ hostname, domainname })) {
    const bytes = name?.length ?? 0
    if (bytes > 64) throw new SpecError(`${field}: at most 64 bytes, got ${bytes}`)
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
