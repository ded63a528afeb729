// What the kernel says of a step's container, as the grader saw it from outside while it stood still.
//
//   kernelLines(seen)   → ['own namespaces   uts', 'host name        box', …]
//
// Invariant: pure; nothing in it is drawn by chance but what the check itself draws, so that two steps can be compared.
import type { Seen } from '@pocker/grader'

export function kernelLines(seen: Seen): string[] {
  return Object.entries(ROWS).flatMap(([name, row]) => row(seen).map((text, i) => `${(i === 0 ? name : '').padEnd(17)}${text}`))
}

const isOwn = ({ namespaces, sandbox }: Seen, type: string): boolean => namespaces[type] !== sandbox.namespaces[type]
const oneLine = (text: string): string => text.trim().replaceAll('\n', '; ')
const MACHINES = 'the machine\'s'

/** A name that both have, and that the machine did not have before, was meant for the container only. */
const name = (which: 'nodename' | 'domainname') => ({ sandbox: { before, now }, ...own }: Seen): string[] =>
  [own[which] !== now[which] ? own[which] : now[which] === before[which] ? MACHINES : `${own[which]}: the machine was renamed!`]

const ROWS: Readonly<Record<string, (seen: Seen) => readonly string[]>> = {
  'own namespaces': (seen) => [Object.keys(seen.namespaces).filter((type) => isOwn(seen, type)).join(', ') || 'none'],
  'host name': name('nodename'),
  'domain name': name('domainname'),
  'process number': ({ numbers }) => [numbers.length > 1 ? `${numbers.at(-1)} inside` : MACHINES],
  'users': (seen) => [isOwn(seen, 'user') ? `inside, outside, how many: ${oneLine(seen.users.uidMap)}` : MACHINES],
  'rights': ({ rights: { uids, capabilities, noNewPrivileges } }) => [
    `user ${uids.split(' ')[0]}, ${capabilities.effective.length} capabilities${noNewPrivileges ? ', and no new ones' : ''}`,
  ],
  'clocks': (seen) => [isOwn(seen, 'time') ? `monotonic ${seen.clocks.monotonic}, boottime ${seen.clocks.boottime}` : MACHINES],
  'network': (seen) => seen.links.map(({ name, kind, up, addresses }) =>
    [name, kind, up ? 'up' : 'down', ...addresses].filter(Boolean).join(' ')),
  'mounts': mounts,
  'control groups': ({ groups }) => Object.entries(groups.files).map(([path, text]) => `${path}: ${oneLine(text)}`),
}

/** Those that the machine has not. */
function mounts({ mounts: all, sandbox }: Seen): string[] {
  const key = ({ device, point, options }: Seen['mounts'][number]): string => [point, device, ...options].join(' ')
  const known = new Set(sandbox.before.mounts.map(key))
  const own = all.filter((mount) => !known.has(key(mount)))
  if (own.length === 0) return [MACHINES]
  const kept = all.length - own.length
  return [
    ...own.map(({ point, type, options }) => `${point} ${type} ${options.join(',')}`),
    ...(kept > 0 ? [`and ${kept} of the machine's`] : []),
  ]
}
