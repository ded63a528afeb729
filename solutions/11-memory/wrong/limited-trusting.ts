// exercise: limited
// wrong: takes whatever it is given
// score: 5
// says: limited() accepted what it must refuse
import { because, close, O_CLOEXEC, O_WRONLY, open, write, type Isolation, type Syscall } from '@pocker/syscalls'

interface Group { readonly directory: string; readonly version: 1 | 2 }
interface Bytes { readonly memory: number; readonly together: number }

export function limited({ directory, version }: Group, { memory, together }: Bytes): Isolation {
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
