// What differs between two views of a process, as data and in words.
//
//   differences(before, after)   → [{ what: 'host name', was: 'laptop', is: 'box' }]
//   changes(before, after)       → ['host name: laptop → box']
//
// Invariant: only the kernel's state is told. What merely looks different, because the process now looks from another
// root or at a copy, is not.
import type { View } from './observe.ts'

/** One fact that differs; '' where it is not there. Capabilities and signals are names with spaces between. */
export interface Change { readonly what: string; readonly was: string; readonly is: string }

/** Facts that are not told themselves, but say what the others are seen from. */
export const ROOT = { directory: 'root directory', mount: 'root mount' } as const

/** @returns the facts that differ; a mount or descriptor does not if only its name did, because the root changed */
export function differences(before: View, after: View): Change[] {
  const rootChanged = before[ROOT.directory] !== after[ROOT.directory]
  const silent = (name: string): boolean => Object.values<string>(ROOT).includes(name)
    || (name.startsWith('mount ') && !sameTable(before, after, rootChanged))
    || (name === 'root' && !rootChanged)
    || (name.startsWith('descriptor ') && rootChanged && name in before && name in after)
  return [...new Set([...Object.keys(after), ...Object.keys(before)])]
    .filter((name) => before[name] !== after[name] && !silent(name))
    .map((what) => ({ what, was: before[what] ?? '', is: after[what] ?? '' }))
}

/**
 * A new mount namespace is a copy, with other ids. And the kernel lists only the mounts below a process's root: after a
 * chroot others are in sight; after a pivot_root, the mount that was the root is still there, in another place.
 */
function sameTable(before: View, after: View, rootChanged: boolean): boolean {
  if (before['mnt namespace'] !== after['mnt namespace']) return false
  return !rootChanged || `mount ${before[ROOT.mount]}` in after
}

/** So many mounts or descriptors are told one by one; the rest are counted. */
const MANY = 6

/** @returns the differences in words, one line each */
export function changes(before: View, after: View): string[] {
  return describe(differences(before, after))
}

/** @returns one line for each change, and one for changes that are alike, such as those of two sets of capabilities */
export function describe(list: readonly Change[]): string[] {
  const lines: { what: string; text: string }[] = []
  for (const change of list.filter(({ what }) => !ITEM.test(what))) {
    const text = inWords(change)
    const last = lines.at(-1)
    if (last && last.text === text && NAMES.test(change.what)) last.what += `, ${change.what}`
    else lines.push({ what: change.what, text })
  }
  const items = ['mount', 'descriptor'].map((kind) => list.filter(({ what }) => what.startsWith(`${kind} `)))
  return [...lines.map(({ what, text }) => `${what}: ${text}`), ...items.flatMap(itemLines)]
}

const ITEM = /^(mount|descriptor) /
const NAMES = /(capabilities|signals)$/

function inWords({ what, was, is }: Change): string {
  if (!NAMES.test(what)) return `${was || 'none'} → ${is || 'none'}`
  if (was === 'all' || is === 'all') return `${was || 'none'} → ${is || 'none'}`
  const [had, has] = [was, is].map((text) => text.split(' ').filter(Boolean)) as [string[], string[]]
  const [gone, come] = [had.filter((name) => !has.includes(name)), has.filter((name) => !had.includes(name))]
  const [lost = '', gained = ''] = what.endsWith('signals') ? ['no longer', 'now also'] : ['lost', 'gained']
  const parts = [...(gone.length > 0 ? [[lost, ...gone]] : []), ...(come.length > 0 ? [[gained, ...come]] : [])]
  return parts.map((words) => words.join(' ')).join('; ')
}

function itemLines(list: readonly Change[]): string[] {
  const rest = list.slice(MANY)
  const counts = [
    ['new', rest.filter(({ was }) => was === '').length],
    ['gone', rest.filter(({ is }) => is === '').length],
    ['changed', rest.filter(({ was, is }) => was !== '' && is !== '').length],
  ] as const
  const more = counts.filter(([, number]) => number > 0).map(([name, number]) => `${number} ${name}`)
  return [...list.slice(0, MANY).map(itemLine), ...(more.length > 0 ? [`and more: ${more.join(', ')}`] : [])]
}

/** A mount is named by its place: the first word, in which mountinfo writes a space as \040. */
function itemLine({ what, was, is }: Change): string {
  const split = (text: string): [string, string] => what.startsWith('mount ')
    ? [`mount ${text.split(' ')[0]}`, text.slice(text.indexOf(' ') + 1)]
    : [what, text]
  const [[from, had], [to, has]] = [split(was), split(is)]
  if (was === '') return `+ ${to}: ${has}`
  if (is === '') return `- ${from}: ${had}`
  return from === to ? `${to}: ${had} → ${has}` : `${from} → ${to.replace('mount ', '')}`
}
