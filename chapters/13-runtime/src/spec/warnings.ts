// What a config.json asks for in vain: not wrong, but passed over.
//
//   warningsOf(spec)                    → ['process.capabilities.bounding: passed over CAP_TEA, which is not known here']
//   grantable(process.capabilities)     → the sets without it
//
// Invariant: what is granted is never more than was asked for; and a name is passed over if and only if it is told of.
import { CAP } from '@pocker/syscalls'
import type { ProcessSpec, Resources, Spec } from './schema.ts'

type Sets = NonNullable<ProcessSpec['capabilities']>

interface Passed { readonly set: keyof Sets; readonly name: string; readonly reason: string }

const SETS = ['bounding', 'effective', 'inheritable', 'permitted', 'ambient'] as const

/** The kernel keeps no ambient capability that is not in the other two; `runc spec` writes three of them. */
function* passedOver(sets: Sets): Generator<Passed> {
  const held = (set: keyof Sets, name: string): boolean => Boolean(sets[set]?.includes(name))
  for (const set of SETS) {
    for (const name of sets[set] ?? []) {
      if (!Object.hasOwn(CAP, name)) yield { set, name, reason: 'which is not known here' }
      else if (set === 'ambient' && !(held('permitted', name) && held('inheritable', name))) {
        yield { set, name, reason: 'which is not permitted and inheritable as well' }
      }
    }
  }
}

/** @returns sets of which each can be given. @see config.md, "Linux Process", capabilities */
export function grantable(sets: Sets): Sets {
  const passed = [...passedOver(sets)]
  const kept = SETS.flatMap((set) => {
    const names = sets[set]?.filter((name) => !passed.some((one) => one.set === set && one.name === name))
    return names ? [[set, names] as const] : []
  })
  return Object.fromEntries(kept)
}

/** Without a limit of its own, memory is limited, and swap is not. -1 asks for none. */
export function swapWarning({ memory }: Resources, canSwap: boolean): string[] {
  return canSwap || (memory?.swap ?? 0) <= 0 ? [] : ['linux.resources.memory.swap: passed over, as this kernel cannot limit swap']
}

/** Fields of version 1 whose files are no longer in the kernel. A 0 asks for nothing. */
export function goneWarnings({ memory, blockIO }: Resources): string[] {
  const asked = [
    ['memory.kernel', memory?.kernel],
    ['blockIO.leafWeight', blockIO?.leafWeight],
    ['blockIO.weightDevice.leafWeight', blockIO?.weightDevice?.find(({ leafWeight }) => leafWeight)?.leafWeight],
  ] as const
  return asked.flatMap(([field, value]) =>
    (value && value > 0 ? [`linux.resources.${field}: passed over, as the kernel has no such limit any more`] : []))
}

/** One line each. @param canSwap whether the machine can limit swap */
export function warningsOf({ process, linux }: Pick<Spec, 'process' | 'linux'>, canSwap = true): string[] {
  const flags = linux?.personality?.flags ?? []
  return [
    ...[...passedOver(process?.capabilities ?? {})].map(({ set, name, reason }) =>
      `process.capabilities.${set}: passed over ${/^\w{1,80}$/.test(name) ? name : JSON.stringify(name)}, ${reason}`),
    // The spec has the field, and no value for it yet.
    ...(flags.length > 0 ? ['linux.personality.flags: passed over, as none is defined'] : []),
    ...swapWarning(linux?.resources ?? {}, canSwap),
    ...goneWarnings(linux?.resources ?? {}),
  ]
}
