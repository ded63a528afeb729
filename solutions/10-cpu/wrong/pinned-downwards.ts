// exercise: pinned
// wrong: takes a range that goes down for an empty one
// score: 4
// says: pinned() accepted what it must refuse
import { because, close, O_CLOEXEC, O_WRONLY, open, SpecError, write, type Isolation, type Syscall } from '@pocker/syscalls'

interface Machine { readonly directory: string; readonly version: 1 | 2; readonly cpus: string; readonly mems: string }

/** @throws {SpecError} if it is no list, or the machine lacks one of them */
export function pinned({ directory, version, cpus: available, mems }: Machine, cpus: string): Isolation {
  const there = new Set(numbers(available))
  if (!numbers(cpus).every((number) => there.has(number))) {
    throw new SpecError(`cpus: expected some of ${available}, got ${cpus}`)
  }
  return {
    name: 'pinned',
    child: [
      ...put(`${directory}/cpuset.cpus`, cpus),
      ...(version === 1 ? put(`${directory}/cpuset.mems`, mems) : []),
      ...put(`${directory}/cgroup.procs`, '0'),
    ],
  }
}

/** @throws {SpecError} */
function numbers(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? []
    if (first === undefined) {
      throw new SpecError(`cpus: expected a list such as 0-2,4, got ${JSON.stringify(list)}`)
    }
    return Array.from({ length: Math.max(0, Number(last) - Number(first) + 1) }, (_, i) => Number(first) + i)
  })
}

const put = (path: string, value: string): Syscall[] => [
  { ...open(path, O_WRONLY | O_CLOEXEC), as: path },
  because('a file of a group takes its value in one write', write({ resultOf: path }, value)),
  close({ resultOf: path }),
]
