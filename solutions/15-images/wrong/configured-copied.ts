// exercise: configured
// wrong: has the chapter's own package read the config
// score: 0
// says: an answer may not import @pocker/images: write it yourself
import { readConfig } from '@pocker/images'
import { command, type Isolation } from '@pocker/syscalls'

export const configured = ({ config }: { config: unknown }): Isolation =>
  command({ argv: readConfig(Buffer.from(JSON.stringify({ config }))).config?.Cmd ?? [] })
