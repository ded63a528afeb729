// Namespaces: those of the container's own are flags of its clone3; those that are there already are entered by the monitor.
//
//   own(spec, 'network')   → true: one is made
//   joins(spec)            → steps that enter the others by their files
//
// Invariant: what exists is entered before anything is made, for what is made belongs to where its maker stands.
import {
  CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWTIME, CLONE_NEWUSER, CLONE_NEWUTS, enter,
  because, noGroups, setresgid, setresuid, type Isolation,
} from '@pocker/syscalls'
import type { NamespaceSpec, Spec } from '../spec/schema.ts'

type Type = NamespaceSpec['type']

/** @see namespaces(7) */
export const FLAGS: Readonly<Record<Type, bigint>> = {
  user: CLONE_NEWUSER,
  ipc: CLONE_NEWIPC,
  uts: CLONE_NEWUTS,
  network: CLONE_NEWNET,
  pid: CLONE_NEWPID,
  cgroup: CLONE_NEWCGROUP,
  time: CLONE_NEWTIME,
  mount: CLONE_NEWNS,
}
/** The names of their files below /proc/PID/ns. */
export const FILES: Readonly<Record<Type, string>> = {
  user: 'user',
  ipc: 'ipc',
  uts: 'uts',
  network: 'net',
  pid: 'pid',
  cgroup: 'cgroup',
  time: 'time',
  mount: 'mnt',
}

const find = ({ linux }: Pick<Spec, 'linux'>, type: Type): NamespaceSpec | undefined =>
  linux?.namespaces?.find((namespace) => namespace.type === type)

/** @returns whether the container gets a new one */
export function own(spec: Pick<Spec, 'linux'>, type: Type): boolean {
  const found = find(spec, type)
  return found !== undefined && found.path === undefined
}

/** @returns whether it stays in that of whoever makes it */
export const shared = (spec: Pick<Spec, 'linux'>, type: Type): boolean => find(spec, type) === undefined

/**
 * Root enters the user namespace last: before, it has power over all the others. An ordinary user enters it first: only in
 * there has he any. The mount namespace comes last of all, for the paths are the host's.
 */
// region joins
export function joins(spec: Spec, { mapsWrittenBy }: { readonly mapsWrittenBy: string }): Isolation {
  const [first, rest]: Type[][] = mapsWrittenBy === 'root' ? [[], ['user', 'mount']] : [['user'], ['mount']]
  const between = (Object.keys(FLAGS) as Type[]).filter((type) => type !== 'user' && type !== 'mount')
  return {
    name: 'namespaces',
    before: [...(first ?? []), ...between, ...(rest ?? [])].flatMap((type) => {
      const path = find(spec, type)?.path
      return path === undefined ? [] : enter(path, FLAGS[type], `the ${type} namespace that is there already`)
    }),
    child: find(spec, 'user')?.path === undefined ? [] : [
      ...(mapsWrittenBy === 'owner' ? [] : [because("the caller's groups mean nothing here", noGroups())]),
      because('root of the user namespace that is there already', setresgid(0)), setresuid(0),
    ],
  }
}
// endregion
