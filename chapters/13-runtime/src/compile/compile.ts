// A config.json compiled into a plan: what every chapter adds, in the order in which it must run.
//
//   compile(readSpec(text), place)   → Plan
//
// Invariant: pure. What has to be known of the machine is in the place; the same spec and the same place give the same plan.
import { plan, type Isolation, type Plan } from '@pocker/syscalls'
import { uts } from '@pocker/uts'
import { ipc } from '@pocker/ipc'
import { net } from '@pocker/net'
import { pid } from '@pocker/pid'
import type { Group } from '@pocker/cgroup'
import type { Spec } from '../spec/schema.ts'
import { devicesAllowed, group, resources } from './group.ts'
import { joins, own } from './namespaces.ts'
import { appArmor, clocks, last, oom, program, refused, rights, session, turn, usersOf } from './process.ts'
import { rootfs } from './rootfs.ts'
import { sysctls } from './sysctls.ts'
import { terminal } from './terminal.ts'

/** What the spec leaves to the machine, and to whoever asks for the container. */
export interface Place {
  /** The root file system, absolute. */
  readonly rootfs: string
  /** Its bundle, absolute: sources of mounts may be relative to it. */
  readonly bundle: string
  /** Where its limits are set; none for who may make no groups. */
  readonly group?: Group
  /** What a path leads to now; undefined for nothing. /proc and /sys are the same kernel's, here and in there. */
  readonly look: (path: string, where: 'host' | 'rootfs') => { readonly directory: boolean; readonly mode: number } | undefined
  /** An ordinary user: who writes the maps of its user namespace. */
  readonly mapsWrittenBy: 'root' | 'owner' | 'newuidmap'
  /** Mounts that were made beforehand, by their names as descriptors: `copy of /run`. */
  readonly copies?: readonly string[]
  /** Capabilities that can be given. */
  readonly held: readonly string[]
  /** Whether it waits for hooks before its root changes, and for `start` before its program. */
  readonly waits: { readonly hooks: boolean; readonly start: boolean }
  readonly change?: 'pivot' | 'move'
  /** Descriptors behind 2 that the program gets. */
  readonly preserved: number
  /** What is executed, if not the first of its arguments. */
  readonly executable?: string
  /** A session keyring of its own, under this name. */
  readonly keyring?: string
}

/** One part of the plan. An isolation without a flag or a step is nothing. */
export type Part = (spec: Spec, place: Place) => Isolation

// region parts
const PARTS: readonly Part[] = [
  refused, //        what nothing here can give
  session, //        a session and keys of its own
  oom, //            while /proc is still the host's
  appArmor, //       likewise
  group, //          joined first: what follows is counted already
  resources,
  devicesAllowed,
  joins, //          namespaces that are there already
  usersOf, //        before the others: they belong to the new user namespace
  clocks,
  names,
  (spec) => (own(spec, 'pid') ? pid({ mode: 'private' }) : { name: 'pid' }),
  (spec) => (own(spec, 'ipc') ? ipc({ mode: 'private' }) : { name: 'ipc' }),
  (spec) => (own(spec, 'network') ? net({ mode: 'none' }) : { name: 'net' }),
  sysctls, //        through the host's /proc: nothing of the image is in the way
  rootfs, //         mounts, devices, hooks, and the root changes
  terminal,
  turn, //           the processors, the disks
  ...rights, //      limits, filter, capabilities, user
  last, //           everything is as it will be: it waits for start
  program,
]
// endregion

/** A namespace that is joined gets them, too: runc, crun. */
function names(spec: Spec): Isolation {
  const { flags = 0n, ...set } = uts(spec)
  return own(spec, 'uts') ? { ...set, flags } : set
}

/** @throws {SpecError} naming the field at fault */
export const compile = (spec: Spec, place: Place): Plan => plan(PARTS.map((part) => part(spec, place)))
