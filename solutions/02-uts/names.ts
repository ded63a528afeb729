// Host name and domain name, each of them if it is asked for.
import { CLONE_NEWUTS, setdomainname, sethostname, SpecError, type Isolation } from '@pocker/syscalls'

const MOST = 64

/** @throws {SpecError} if a name is longer than 64 bytes */
export function names(spec: { hostname?: string; domainname?: string }): Isolation {
  const { hostname, domainname } = spec
  for (const [field, name] of Object.entries({ hostname, domainname })) {
    const bytes = Buffer.byteLength(name ?? '')
    if (bytes > MOST) throw new SpecError(`${field}: at most ${MOST} bytes, got ${bytes}`)
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
