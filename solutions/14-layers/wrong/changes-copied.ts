// exercise: changes
// wrong: takes the chapter's own package
// score: 0
// says: an answer may not import @pocker/layers: write it yourself
import { whiteoutName } from '@pocker/layers'
import { chdir, mkdir, type Isolation } from '@pocker/syscalls'

export const changes = ({ directory, before }: { directory: string; before: object }): Isolation =>
  ({ name: 'changes', child: [chdir(directory), ...Object.keys(before).map((path) => mkdir(whiteoutName(path), 0o755))] })
