// Host names. CLONE_NEWUTS gives a container its own host and domain name.
//
//   uts({ hostname: 'box' })   → the isolation
//
// Invariant: without the namespace, sethostname would rename the machine; so there is never a name without the flag.
import { because, CLONE_NEWUTS, setdomainname, sethostname, SpecError, type Isolation } from '@pocker/syscalls'

/** Linux's limit, __NEW_UTS_LEN, in bytes. @see uts_namespaces(7), <linux/utsname.h> */
export const HOSTNAME_MAX = 64

/** The slice of the OCI runtime spec that this chapter reads. @see config.md, Hostname and Domainname */
export interface Names { readonly hostname?: string; readonly domainname?: string }

/**
 * @param spec each name at most 64 bytes; one that is missing or empty stays the host's
 * @throws {SpecError} if a name is too long, or holds a NUL byte
 */
// region uts
export function uts(spec: Names): Isolation {
  const { hostname = '', domainname = '' } = spec
  check('hostname', hostname)
  check('domainname', domainname)
  return {
    name: 'uts',
    flags: CLONE_NEWUTS,
    child: [
      ...(hostname ? [because('the container\'s own name', sethostname(hostname))] : []),
      ...(domainname ? [because('and its NIS domain', setdomainname(domainname))] : []),
    ],
  }
}
// endregion

// region check
function check(field: string, name: string): void {
  const bytes = Buffer.byteLength(name)
  if (bytes > HOSTNAME_MAX) throw new SpecError(`${field}: at most ${HOSTNAME_MAX} bytes, got ${bytes}`)
  if (name.includes('\0')) throw new SpecError(`${field}: expected text without a NUL byte, got ${JSON.stringify(name)}`)
}
// endregion
