// The config of an image: for what machine it is, how a container of it is run, and which layers in which order it has.
//
//   readConfig(bytes)   → { architecture: 'amd64', os: 'linux', config: { Cmd: ['sh'] }, rootfs: { diff_ids: […] }, … }
//
// Its digest is the image's id.
// Invariant: of a config that was read, there are no more steps in its history that made layers than there are layers.
// @see OCI image spec, config.md; Docker image spec 1.3
import { isDigest, type Digest } from '@pocker/layers'
import { SpecError } from '@pocker/syscalls'
import * as v from 'valibot'
import { readJson } from './json.ts'
import { LAYERS_MAX } from './manifest.ts'

/** How a container is run, if nobody says otherwise. */
export interface RunConfig {
  readonly User?: string
  readonly ExposedPorts?: Readonly<Record<string, object>>
  readonly Env?: readonly string[]
  readonly Entrypoint?: readonly string[]
  readonly Cmd?: readonly string[]
  readonly Volumes?: Readonly<Record<string, object>>
  readonly WorkingDir?: string
  readonly Labels?: Readonly<Record<string, string>>
  readonly StopSignal?: string
  /** Seconds. */
  readonly StopTimeout?: number
  readonly Healthcheck?: Healthcheck
  readonly OnBuild?: readonly string[]
  readonly Shell?: readonly string[]
}

/** Times are nanoseconds. */
export interface Healthcheck {
  readonly Test?: readonly string[]
  readonly Interval?: number
  readonly Timeout?: number
  readonly StartPeriod?: number
  readonly StartInterval?: number
  readonly Retries?: number
}

export interface Step {
  readonly created?: string
  readonly created_by?: string
  readonly author?: string
  readonly comment?: string
  /** It changed the config only. */
  readonly empty_layer?: boolean
}

export interface ImageConfig {
  /** RFC 3339. */
  readonly created?: string
  readonly author?: string
  readonly architecture: string
  readonly os: string
  readonly variant?: string
  readonly 'os.version'?: string
  readonly docker_version?: string
  readonly comment?: string
  readonly config?: RunConfig
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly Digest[] }
  readonly history?: readonly Step[]
}

/** Bytes. */
export const CONFIG_MAX = 8 * 1024 * 1024

// region schema
/** Go writes null for what is not there. */
const maybe = <T>(schema: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, T | undefined> =>
  v.pipe(v.nullish(schema), v.transform((value) => value ?? undefined)) as v.GenericSchema<unknown, T | undefined>
const text = v.pipe(v.string('text'), v.check((value) => !value.includes('\0'), 'text without NUL'))
const texts = v.array(text)
/** It is copied into the index of the store. */
const word = v.pipe(text, v.maxLength(128, 'at most 128 characters'))
/** It is shown only. */
const shown = v.string('text')
const isTime = (value: string): boolean => !Number.isNaN(Date.parse(value))
const time = v.pipe(v.string('a time'), v.check(isTime, 'a time such as 2024-05-01T12:00:00Z'))
const keys = v.record(text, v.pipe(v.unknown(), v.transform(() => ({}))))
const digest = v.custom<Digest>(isDigest, 'sha256: and 64 hexadecimal digits')
const whole = v.pipe(v.number('a number'), v.safeInteger('a whole number'))
const health = v.object({
  Test: maybe(texts), Interval: maybe(whole), Timeout: maybe(whole), StartPeriod: maybe(whole), StartInterval: maybe(whole),
  Retries: maybe(whole),
})

const runSchema = v.object({
  User: maybe(text), ExposedPorts: maybe(keys), Env: maybe(texts), Entrypoint: maybe(texts), Cmd: maybe(texts),
  Volumes: maybe(keys), WorkingDir: maybe(text), Labels: maybe(v.record(text, text)), StopSignal: maybe(text),
  StopTimeout: maybe(whole), Healthcheck: maybe(health), OnBuild: maybe(texts), Shell: maybe(texts),
})
const stepSchema = v.object({
  created: maybe(time), created_by: maybe(shown), author: maybe(shown), comment: maybe(shown),
  empty_layer: maybe(v.boolean('true or false')),
})
const configSchema = v.object({
  created: maybe(time), author: maybe(shown), architecture: word, os: word, variant: maybe(word), 'os.version': maybe(text),
  docker_version: maybe(text), comment: maybe(shown), config: maybe(runSchema),
  rootfs: v.object({
    type: v.literal('layers', '"layers"'),
    diff_ids: v.pipe(v.nullable(v.array(digest)), v.transform((ids) => ids ?? [])),
  }),
  history: maybe(v.array(stepSchema)),
})
// endregion

/** @throws {SpecError} naming the first field that is wrong */
export function readConfig(bytes: Uint8Array): ImageConfig {
  if (bytes.byteLength > CONFIG_MAX) throw new SpecError(`config: expected at most ${CONFIG_MAX} bytes, got ${bytes.byteLength}`)
  const config = withoutUndefined(readJson('config', bytes, configSchema)) as ImageConfig
  const [steps, layers] = [(config.history ?? []).filter((step) => !step.empty_layer).length, config.rootfs.diff_ids.length]
  if (layers > LAYERS_MAX) throw new SpecError(`config: expected at most ${LAYERS_MAX} layers, got ${layers}`)
  if (steps > layers) throw new SpecError(`config: history: expected at most ${layers} steps with a layer, got ${steps}`)
  return config
}

/** The schema's depth is the data's, so this ends soon. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(fields.map(([key, field]) => [key, withoutUndefined(field)]))
}

/** The same bytes for the same config: fields in the order of the OCI's text. */
export function writeConfig(config: ImageConfig): Buffer {
  const { created, author, architecture, variant, os, config: run = {}, rootfs, history = [] } = config
  const { 'os.version': version, docker_version, comment } = config
  return Buffer.from(JSON.stringify({
    created, author, comment, docker_version, architecture, variant, os, 'os.version': version,
    config: run, rootfs: { type: rootfs.type, diff_ids: rootfs.diff_ids }, history,
  }))
}

/** As Go writes it: no zeros behind the point. */
export const timeText = (date: Date): string => date.toISOString().replace(/\.?0*Z$/, 'Z')
