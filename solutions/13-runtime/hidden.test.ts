// The hidden checks of chapter 13.
import { check, same, type HiddenChecks } from '@pocker/grader'
import { parseSeccomp, seccomp } from '@pocker/privileges'
import { mkdir, mount, sethostname, type Json } from '@pocker/syscalls'
import { part, together } from '../../exercises/13-runtime/arrange.test.ts'
import { said, STATUS } from '../../exercises/13-runtime/stage.ts'

/** It forbids what other parts do. */
const filter = (): Json => part('filter', seccomp({
  profile: parseSeccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['sethostname'], action: 'SCMP_ACT_ERRNO' }] }),
  noNewPrivileges: true,
}).child ?? [])

const behind = check({
  id: 'behind',
  title: 'a filter does not forbid what is still to be done',
  points: 1,
  hint: 'a filter holds for the steps behind it, too',
  lesson: 'the-code',
}, async (context) => {
  const name = context.token()
  const { nodename } = await together(context, [filter(), part('uts', [sethostname(name)])])
  same(nodename, name, `the name of the machine: expected ${name}, got ${nodename}`)
})

const several = check({
  id: 'several',
  title: 'parts of one name are all there, in the order in which they came',
  points: 1,
  hint: 'find() gives the first; are there others?',
}, async (context) => {
  const at = `/tmp/${context.token()}`
  const { mounts } = await together(context, [
    part('mount', [mkdir(at, 0o755)]), part('mount', [mount('tmpfs', at, 'tmpfs', 0, 'size=4k')]),
  ])
  const got = mounts.some(({ point }) => point === at) ? 'one' : 'none'
  same(got, 'one', `mounts: expected one at ${at}, got ${got}`)
})

const unknown = check({
  id: 'unknown',
  title: 'a part that nobody knows where to put is refused',
  points: 1,
  hint: 'a part that is passed over in silence is a limit that somebody thinks is there',
}, async ({ refusal, token }) => {
  const name = token(8)
  const expected = `parts: expected oom, uts, mount, bounding, user, capabilities or filter, got ${name}`
  const { message } = await refusal([part('uts', [sethostname(name)]), part(name, [])])
  same(message, expected, `expected the error "${expected}", got "${message}"`)
})

const WATCH = 'until [ "$(cut -d" " -f3 /proc/$PPID/stat)" = S ]; do :; done'

const closed = check({
  id: 'closed',
  title: 'the caller\'s descriptors are neither in the container nor in its parent, but for 0, 1 and 2',
  points: 2,
  hint: 'what is closed behind the clone is open in the container. And the caller has some below, between and above the two that stay: also right beside them',
  lesson: 'the-code',
}, async (context) => {
  // When the parent sleeps, it waits.
  const look = (condition: string, numbers: readonly number[]): string =>
    `for pid in $$ $PPID; do for fd in ${numbers.join(' ')}; do ${condition} $pid/fd/$fd ] && echo $fd; done; done`
  const sorted = () => 'sort -un /tmp/open | tr "\\n" " "'
  const open = await said(context, 'stays', ({ others }) => `${WATCH}; cd /proc; ${look('[ -e', others)} > /tmp/open`, sorted)
  const got = open.text.trim()
  same(got, '', `expected ${open.fds.go} and ${open.fds.status} beside 0, 1 and 2, got ${got}, too`)
  const shut = await said(context, 'stays', () => `${WATCH}; cd /proc; ${look('[ ! -e', [0, 1, 2])} > /tmp/open`, sorted)
  const lacking = shut.text.trim()
  same(lacking, '', `expected 0, 1 and 2 to stay open, and ${lacking} is closed`)
})

const outlives = check({
  id: 'outlives',
  title: 'it does not matter if the creator ends',
  points: 1,
  hint: 'which property of a process ties it to its parent? This one should have none',
  lesson: 'try-it',
}, async (context) => {
  const { text } = await said(context, 'goes', () => 'exit 7', () => STATUS)
  same(text === '' ? 'nothing' : 'something', 'something', 'expected that the file is written when the creator is gone, too; it is empty')
})

const session = check({
  id: 'session',
  title: 'its session is its own',
  points: 1,
  hint: 'Ctrl-C is for all processes of a session\'s foreground group: which call begins a session?',
  lesson: 'the-code',
}, async (context) => {
  const { text } = await said(context, 'stays',
    () => '[ $(cut -d" " -f6 /proc/$PPID/stat) = $PPID ] && echo own > /tmp/session || echo "the caller\'s" > /tmp/session', () => 'cat /tmp/session')
  same(text, 'own', `its session: expected its own, got ${text}`)
})

export const hidden: HiddenChecks = { arrange: [behind, several, unknown], parent: [closed, outlives, session] }
