// Configs to change in one field, and what the reader says to them.
//
//   linux({ resources })                              → the smallest config.json, with this in `linux`
//   refusal(() => readSpec(JSON.stringify(linux(…)))) → 'config.json: linux.…: expected …, got …', or 'taken'
import { SpecError } from '@pocker/syscalls'

export const PROCESS = { cwd: '/', args: ['sh'], user: { uid: 0, gid: 0 } }
export const BASE = { ociVersion: '1.2.0', root: { path: 'rootfs' }, process: PROCESS }
export const linux = <T extends object>(fields: T) => ({ ...BASE, linux: fields })
export const program = <T extends object>(fields: T) => ({ ...BASE, process: { ...PROCESS, ...fields } })
export const resources = <T extends object>(fields: T) => linux({ resources: fields })
export const own = (...types: string[]): { namespaces: object[] } => ({ namespaces: types.map((type) => ({ type })) })

/** @returns the one line of a SpecError */
export function refusal(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    if (error instanceof SpecError) return error.message
    throw error
  }
  return 'taken'
}
