// The schema of a config.json, of which the types are inferred: what a container is, from outside.
//
//   { ociVersion: '1.2.0', root: { path: 'rootfs' }, process: { cwd: '/', args: ['sh'] } }
//
// Read values.ts, process.ts, linux.ts, resources.ts; then rules.ts and read.ts.
// Invariant: a property that is missing is not there at all: none is `undefined` or `null`.
// @see OCI runtime spec, config.md, versions 1.0.0 to 1.3.0
import * as v from 'valibot'
import { linuxSchema } from './linux.ts'
import { processSchema } from './process.ts'
import { absolute, env, flag, idMappings, list, matching, object, path, record, text, texts, whole } from './values.ts'

/** What is told by features; a config of any version 1 is read, as later ones only add. */
export const OLDEST = '1.0.0'
export const NEWEST = '1.2.0'

const VERSION = /^1\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/

/** Older versions allow a destination that is not absolute; runc puts the slash in front. */
const destination = v.pipe(path, v.transform((text) => (text.startsWith('/') ? text : `/${text}`)))

const mount = object({ destination }, {
  type: text, source: text, options: texts, uidMappings: idMappings, gidMappings: idMappings,
})

/** `timeout` in seconds. @see config.md, "POSIX-platform Hooks" */
const hooks = list(object({ path: absolute }, { args: texts, env, timeout: whole(1, Number.MAX_SAFE_INTEGER) }))

export const HOOKS = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'] as const

export const specSchema = object({
  ociVersion: matching('a version 1.x.y', VERSION),
  /** A path that is not absolute is relative to the bundle. */
  root: object({ path }, { readonly: flag }),
}, {
  process: processSchema,
  hostname: text,
  domainname: text,
  mounts: list(mount),
  hooks: object({}, {
    prestart: hooks, createRuntime: hooks, createContainer: hooks, startContainer: hooks, poststart: hooks, poststop: hooks,
  }),
  annotations: record(text, matching('a name that is not empty', /./s)),
  linux: linuxSchema,
})

/** All of it for reading only. */
type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T

export type Spec = Frozen<v.InferOutput<typeof specSchema>>
export type ProcessSpec = Frozen<v.InferOutput<typeof processSchema>>
export type LinuxSpec = NonNullable<Spec['linux']>
export type Hooks = NonNullable<Spec['hooks']>
export type Hook = NonNullable<Hooks['poststop']>[number]
export type NamespaceSpec = NonNullable<LinuxSpec['namespaces']>[number]
export type DeviceSpec = NonNullable<LinuxSpec['devices']>[number]
export type Resources = NonNullable<LinuxSpec['resources']>
