// exercise: limited
// wrong: refuses -1, which is less than memory too
// score: 5
// says: limited() threw SpecError: together: expected at least
import { because, close, O_CLOEXEC, O_WRONLY, open, SpecError, write, type Isolation, type Syscall } from '@pocker/syscalls'

interface Group { readonly directory: string; readonly version: 1 | 2 }
interface Bytes { readonly memory: number; readonly together: number }

/** @throws {SpecError} if less is allowed together than memory alone */
export function limited({ directory, version }: Group, { memory, together }: Bytes): Isolation {
  if (together < memory) throw new SpecError(`together: expected at least ${memory}, got ${together}`)
  const swap = together === -1 ? 'max' : String(together - memory)
  const limits = version === 1
    ? { 'memory.limit_in_bytes': String(memory), 'memory.memsw.limit_in_bytes': String(together) }
    : { 'memory.max': String(memory), 'memory.swap.max': swap }
  return {
    name: 'limited',
    child: Object.entries({ ...limits, 'cgroup.procs': '0' }).flatMap(([file, value]) => into(`${directory}/${file}`, value)),
  }
}

const into = (path: string, value: string): Syscall[] => [
  { ...open(path, O_WRONLY | O_CLOEXEC), as: path },
  because(`${path.split('/').at(-1)} is ${value}`, write({ resultOf: path }, value)),
  close({ resultOf: path }),
]
