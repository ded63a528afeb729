// Host name and domain name, each of them if it is asked for.
import { CLONE_NEWUTS, setdomainname, sethostname, SpecError, type Isolation } from '@pocker/syscalls'

const MOST = 64

/** @throws {SpecError} if a name is longer than 64 bytes */
export function names(spec: { hostname?: string; domainname?: string }): Isolation {
  const { hostname, domainname } = spec
  // step 4: the kernel counts bytes, JavaScript counts UTF-16 units
  //   'ü' has two bytes and a length of 1: which of both is the limit about?
  for (const [field, name] of Object.entries({ hostname, domainname })) {
    const bytes = Buffer.byteLength(name ?? '')
    if (bytes > MOST) throw new SpecError(`${field}: at most ${MOST} bytes, got ${bytes}`)
  }
  // step 1: the namespace is there in any case, even without any name
  return {
    name: 'names',
    flags: CLONE_NEWUTS,
    child: [
      // step 2: a step, or none: an empty list spreads to nothing
      ...(hostname === undefined ? [] : [sethostname(hostname)]),
      // step 3: the same for the domain name; neither depends on the other
      ...(domainname === undefined ? [] : [setdomainname(domainname)]),
    ],
  }
}
