// What Docker says of an image: `image inspect` and `history`.
//
//   inspect(image)   → { Id: 'sha256:…', RepoTags: ['busybox:latest'], Config: { Cmd: ['sh'], … }, … }
//   history(image)   → [{ id: 'sha256:…', createdBy: 'CMD ["sh"]', size: 0, … }, …], the newest first
//
// Invariant: fields, their order and their empty values are Docker's of API 1.47. @see Docker Engine API, ImageInspect
import type { RunConfig } from '../format/config.ts'
import type { Image } from './image.ts'

/** What Go writes for a time that was never set. */
const NEVER = '0001-01-01T00:00:00Z'

export function inspect(image: Image): Readonly<Record<string, unknown>> {
  const { id, config, repoTags, repoDigests, created, size, tagged } = image
  return {
    Id: id, RepoTags: repoTags, RepoDigests: repoDigests, Parent: '',
    Comment: config.comment ?? config.history?.at(-1)?.comment ?? '', Created: created ?? NEVER,
    DockerVersion: config.docker_version ?? '', Author: config.author ?? '', Config: runConfig(config.config ?? {}),
    Architecture: config.architecture, ...(config.variant && { Variant: config.variant }), Os: config.os,
    ...(config['os.version'] && { OsVersion: config['os.version'] }), Size: size, GraphDriver: { Data: null, Name: 'overlay2' },
    RootFS: { Type: 'layers', ...(config.rootfs.diff_ids.length > 0 && { Layers: config.rootfs.diff_ids }) },
    Metadata: { LastTagTime: tagged ?? NEVER },
  }
}

/** A container's config, of which an image has a part: the other fields are there, and empty. */
export function runConfig(config: RunConfig): Readonly<Record<string, unknown>> {
  const { ExposedPorts, Healthcheck, StopSignal, StopTimeout, Shell } = config
  return {
    Hostname: '', Domainname: '', User: config.User ?? '', AttachStdin: false, AttachStdout: false, AttachStderr: false,
    ...(ExposedPorts && { ExposedPorts }), Tty: false, OpenStdin: false, StdinOnce: false,
    Env: config.Env ?? null, Cmd: config.Cmd ?? null,
    ...(Healthcheck && { Healthcheck }), Image: '', Volumes: config.Volumes ?? null, WorkingDir: config.WorkingDir ?? '',
    Entrypoint: config.Entrypoint ?? null, OnBuild: config.OnBuild ?? null, Labels: config.Labels ?? null,
    ...(StopSignal && { StopSignal }), ...(StopTimeout !== undefined && { StopTimeout }), ...(Shell && { Shell }),
  }
}

export interface HistoryRow {
  /** Of the newest step, the image's id; the images of those before are not kept. */
  readonly id: string
  /** RFC 3339. */
  readonly created: string | undefined
  readonly createdBy: string
  readonly size: number
  readonly comment: string
  readonly tags: readonly string[]
  /** The chain id; undefined if the step changed the config only. */
  readonly layer: string | undefined
}

/** The newest first. A layer that the history does not mention has a row, too. */
export function history({ id, config, layers, layerSizes, repoTags }: Image): HistoryRow[] {
  const told = config.history ?? []
  const silent = Math.max(0, layers.length - told.filter((step) => !step.empty_layer).length)
  const steps = [...told, ...Array.from({ length: silent }, () => ({ created: config.created }) as { created?: string })]
  let next = 0
  const rows = steps.map((step: (typeof told)[number]) => {
    const at = step.empty_layer ? -1 : next++
    return {
      id: '<missing>', created: step.created, createdBy: step.created_by ?? '', size: layerSizes[at] ?? 0,
      comment: step.comment ?? '', tags: [] as readonly string[], layer: layers[at],
    }
  }).toReversed()
  return rows.map((row, i) => (i === 0 ? { ...row, id, tags: repoTags } : row))
}
