// To log in is to try a password at the registry, and to keep it if it was right.
//
//   await login({ host: 'registry.example', username: 'alice', password: '…' })   → 'Login Succeeded'
//   await logout('registry.example')   → 'Removing login credentials for registry.example'
//
// Invariant: nothing is kept that the registry did not take.
import { SpecError } from '@pocker/syscalls'
import { forgetCredentials, keepCredentials } from './credentials.ts'
import { isFault, RegistryError } from './errors.ts'
import { endpointsOf, HUB } from './hosts.ts'
import { sessionOptions, type RegistryOptions } from './options.ts'
import { connect } from './session.ts'

export interface Login extends Omit<RegistryOptions, 'credentials' | 'progress' | 'mirrors'> {
  /** Docker's own, if none is given. */
  readonly host?: string
  readonly username: string
  readonly password: string
  /** Is told, in Docker's words, if the password is in a file now. */
  readonly warn?: (text: string) => void
}

/** @throws {RegistryError} if the registry does not take it */
export async function login({ host: given = HUB, username, password, warn, ...options }: Login): Promise<string> {
  const host = registryOf(given)
  if (!/^[^:\0-\x1f\x7f]+$/.test(username)) {
    throw new SpecError(`login: expected a user name without colon, got ${JSON.stringify(username)}`)
  }
  if (password === '') throw new SpecError('login: expected a password, got none; type it, or give it with --password-stdin')
  const credentials = { username, password }
  const session = await connect(endpointsOf(host, options, false), {
    ...sessionOptions({ ...options, credentials: () => credentials }, [], options.signal), offline: true,
  }).catch((error: unknown) => {
    if (!isFault(error, 'UNAUTHORIZED')) throw error
    const expected = `login: expected the right user name and password for ${host}`
    throw new RegistryError('UNAUTHORIZED', `${expected}, got 401 unauthorized: incorrect username or password`, { cause: error })
  })
  session.close()
  const { identityToken } = session
  const { file } = await keepCredentials(host, identityToken === undefined ? credentials : { identityToken })
  if (file !== undefined && identityToken === undefined) warn?.(unencrypted(file))
  return 'Login Succeeded'
}

const unencrypted = (file: string): string => `
WARNING! Your credentials are stored unencrypted in '${file}'.
Configure a credential helper to remove this warning. See
https://docs.docker.com/go/credential-store/

`

export async function logout(given: string = HUB): Promise<string> {
  const host = registryOf(given)
  return await forgetCredentials(host) ? `Removing login credentials for ${host}` : `Not logged in to ${host}`
}

/** A host, as a name of an image has it; people also type an address. */
function registryOf(text: string): string {
  const host = text.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  if (!/^(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/.test(host)) {
    throw new SpecError(`login: expected a registry's host, got ${JSON.stringify(text)}`)
  }
  return ['index.docker.io', 'registry-1.docker.io'].includes(host) ? HUB : host
}
