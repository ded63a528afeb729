// The words of `docker run`: --memory, --memory-reservation, --memory-swap, --memory-swappiness, --oom-kill-disable.
//
//   parseMemory({ memory: '512m', memorySwap: '-1' })   → { limit: 536870912, swap: -1 }
//
// Invariant: pure. Whether the machine can do it is memory()'s to say.
import { wholeNumber } from '@pocker/cgroup'
import { parseSize } from '@pocker/ipc'
import { SpecError } from '@pocker/syscalls'
import type { MemorySpec } from './memory.ts'

/** As they come from the command line. */
export interface MemoryFlags {
  readonly memory?: string
  readonly memoryReservation?: string
  readonly memorySwap?: string
  readonly memorySwappiness?: string
  readonly oomKillDisable?: true
}

/** @throws {SpecError} naming the flag */
export function parseMemory(flags: MemoryFlags): MemorySpec {
  const { memory, memoryReservation, memorySwap, memorySwappiness, oomKillDisable } = flags
  return {
    ...(memory !== undefined && { limit: bytes('--memory', memory) }),
    ...(memoryReservation !== undefined && { reservation: bytes('--memory-reservation', memoryReservation) }),
    ...(memorySwap !== undefined && { swap: memorySwap === '-1' ? -1 : bytes('--memory-swap', memorySwap) }),
    ...(memorySwappiness !== undefined && { swappiness: wholeNumber('--memory-swappiness', memorySwappiness) }),
    ...(oomKillDisable && { disableOOMKiller: true }),
  }
}

function bytes(flag: string, text: string): number {
  try {
    return parseSize(text)
  } catch (error) {
    throw error instanceof SpecError ? new SpecError(`${flag}: ${error.message}`) : error
  }
}
