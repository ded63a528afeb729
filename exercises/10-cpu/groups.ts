// Groups for the checks of this chapter: the machine's own, or plain files in the words of the version that it lacks.
import { join } from 'node:path'
import { Failure, groupTree, Lacks, type Context, type GroupsAsked } from '@pocker/grader'
import type { Isolation } from '@pocker/syscalls'

/** A container's group: a directory that is there, in the words of version 1 or 2. */
interface Group { readonly directory: string; readonly version: 1 | 2 }

const FILES = { 1: ['cpu.cfs_period_us', 'cpu.cfs_quota_us', 'cpu.shares'], 2: ['cpu.max', 'cpu.weight'] } as const
/** Neither is what an answer would write: what is not written shows. */
const PRESETS: Readonly<Record<string, string>> = {
  'cpu.cfs_period_us': '50000', 'cpu.shares': '777', 'cpu.max': 'max 50000', 'cpu.weight': '77',
}

/** Where the controller of that version is on this machine. */
function rootOf(version: 1 | 2): string | undefined {
  try {
    const { unified, controllers, v1 } = groupTree('cpu.weight')
    return version === 1 ? v1['cpu'] : controllers.includes('cpu') ? unified : undefined
  } catch (error) {
    if (error instanceof Lacks) return undefined
    throw error
  }
}

/**
 * @param answer computes the isolation for a group
 * @returns what its files hold when the container runs, by their names
 * @throws {Failure} if the container is not in the group
 */
export async function written(
  { run, token }: Context, version: 1 | 2, answer: (group: Group) => Promise<Isolation>,
): Promise<Readonly<Record<string, string>>> {
  const [name, root] = [token(), rootOf(version)]
  const directory = join(root ?? '/tmp', name)
  const paths = (files: readonly string[]): string[] => files.map((file) => join(directory, file))
  const asked: GroupsAsked = root === undefined ? { files: paths([...FILES[version], 'cgroup.procs']) } : {
    name, files: paths(FILES[version]),
    preset: Object.fromEntries(FILES[version].flatMap((file) => (PRESETS[file] ? [[join(directory, file), PRESETS[file]]] : []))),
  }
  const { groups } = await run(await answer({ directory, version }), { groups: asked })
  const holds = (file: string): string => groups.files[join(directory, file)] ?? ''
  const entered = root === undefined ? holds('cgroup.procs') !== '' : groups.own[version === 1 ? 'cpu' : 'unified'] === `/${name}`
  if (!entered) throw new Failure('the container is not in its group: whom does the limit hold for?')
  return Object.fromEntries(FILES[version].map((file) => [file, holds(file)]))
}
