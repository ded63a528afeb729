// What an image says about how it is run, as an isolation.
import type { Isolation } from '@pocker/syscalls'

/** The inner `config` of an image's config. A field that does not matter is missing, or null: so Go writes an empty list. */
export interface Configured {
  readonly Entrypoint?: readonly string[] | null
  readonly Cmd?: readonly string[] | null
  /** `NAME=value` */
  readonly Env?: readonly string[] | null
  readonly WorkingDir?: string | null
  /** `UID` or `UID:GID`, as numbers. */
  readonly User?: string | null
}

/**
 * An isolation whose last step executes the image's program:
 *
 *   words that the user typed replace Cmd; Entrypoint stays in front of either
 *   the environment is Env, and has Docker's default PATH if Env says none
 *   it begins in WorkingDir, which root makes with all that is above it if it is missing; in / if none is said
 *   it runs as that user, in that group and in no other; without a group in 0; as root if nothing is said
 *
 * @param asked.words may be empty
 */
export function configured(asked: { config: Configured; words: readonly string[] }): Isolation {
  throw new Error(`TODO: return an isolation that runs ${JSON.stringify(asked.words)} as ${JSON.stringify(asked.config)} says`)
}
