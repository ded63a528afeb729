// The hidden checks of chapter 12.
import { randomInt } from 'node:crypto'
import { check, Failure, rootfs, same, type HiddenChecks } from '@pocker/grader'
import { mkdir, setsid } from '@pocker/syscalls'
import { CAP } from '@pocker/syscalls'

/** Two that every kernel knows. */
function two(): string[] {
  const names = Object.keys(CAP).slice(0, 37)
  const first = randomInt(names.length - 1)
  return [names[first] ?? '', names[randomInt(first + 1, names.length)] ?? '']
}

const inherited = check({
  id: 'inherited',
  title: 'nothing of what the caller hands on gets through',
  points: 2,
  hint: 'what root gets by execve is what the bounding set has, and what is inheritable. Which call empties that?',
  lesson: 'try-it',
}, async ({ compute, run }) => {
  const handed = two()
  const { rights: { capabilities } } = await run(await compute(['CAP_SETFCAP']), { handed: { capabilities: handed } })
  for (const [name, set] of [['CapInh', capabilities.inheritable], ['CapAmb', capabilities.ambient]] as const) {
    same(set.join(' '), '', `${name}: expected none, got ${set.join(' ')} of the caller`)
  }
})

const refuses = check({
  id: 'refuses',
  title: 'a name that is none is refused',
  points: 1,
  hint: 'a name that is passed over in silence is a mistake that nobody sees. CAP has all that there are',
}, async ({ refusal, token }) => {
  const wrong = `CAP_${token(6).toUpperCase()}`
  const expected = `keep: expected names such as CAP_CHOWN, got ${wrong}`
  const { message } = await refusal(['CAP_KILL', wrong])
  same(message, expected, `expected the error "${expected}", got "${message}"`)
})

const somebody = () => ({ uid: randomInt(1000, 20_000), gid: randomInt(20_000, 30_000) })

const left = check({
  id: 'left',
  title: 'it is in none of the caller\'s groups, even if it is in no further group at all',
  points: 1,
  hint: 'an empty list is a list, too: who calls setgroups only for a longer one keeps root\'s groups',
}, async ({ compute, run }) => {
  const own = randomInt(1, 1000)
  const { users } = await run(await compute({ ...somebody(), groups: [] }), { handed: { groups: [own] } })
  const got = users.groups.join(' ')
  same(got, '', `Groups: expected none, got ${got}: the caller's`)
})

const capabilities = check({
  id: 'capabilities',
  title: 'no capability is left in any set but the bounding one',
  points: 2,
  hint: 'a change of user empties three sets. Which one stays, and which call sets it?',
  lesson: 'the-syscalls',
}, async ({ compute, run }) => {
  const handed = { groups: [6], capabilities: two() }
  const { rights } = await run(await compute({ ...somebody(), groups: [] }), { handed })
  const { bounding: _, ...sets } = rights.capabilities
  const full = Object.entries(sets).find(([, names]) => names.length > 0)
  if (full) throw new Failure(`expected no capability, got ${full[1].join(' ')} in the ${full[0]} set`)
})

const nothingNew = check({
  id: 'nothingNew',
  title: 'a setuid program does not make it more',
  points: 2,
  hint: 'one property of a process forbids that execve gives rights; the lesson sets it before a filter',
  lesson: 'the-syscalls',
}, async ({ compute, run }) => {
  const { rights } = await run(await compute({ ...somebody(), groups: [] }), { handed: { groups: [6] } })
  same(rights.noNewPrivileges ? '1' : '0', '1', 'NoNewPrivs: expected 1, got 0')
})

/** @returns the message of the step that failed; undefined if the container started */
const failing = (running: Promise<unknown>): Promise<string | undefined> => running.then(() => undefined, (error: unknown) => {
  if (error instanceof Failure && error.message.startsWith('a step failed')) return error.message
  throw error
})

const errors = check({
  id: 'errors',
  title: 'without its program there is no container',
  points: 2,
  hint: 'an error that may happen is an error that nobody sees. Which steps may fail, and should they?',
}, async ({ compute, run, token }) => {
  const [root, name] = [`/tmp/${token()}`, token()]
  const { before = [], ...isolation } = await compute(root, { name, text: token() })
  // Nobody can write to a directory.
  const there = [...rootfs(root, 'exe', 'proc'), mkdir(`${root}/exe/${name}`, 0o755)]
  const message = await failing(run({ ...isolation, before: [...there, ...before] }))
  if (message === undefined) throw new Failure('the program could not be written, and the container started: expected an error')
})

const session = check({
  id: 'session',
  title: 'the container has a session of its own',
  points: 1,
  hint: 'whoever is in the session of a terminal gets its Ctrl-C, and ends with it. The first isolation of chapter 00 has the call',
}, async ({ compute, run, token }) => {
  const root = `/tmp/${token()}`
  const { before = [], child = [], ...isolation } = await compute(root, { name: token(), text: token() })
  const asking = { ...isolation, before: [...rootfs(root, 'exe', 'proc'), ...before], child: [...child, setsid()] }
  // The first process of a session cannot make another one.
  const message = await failing(run(asking))
  if (message === undefined) throw new Failure('the container is in the session of whoever started it')
  if (!message.includes('setsid(): EPERM')) throw new Failure(message)
})

export const hidden: HiddenChecks = {
  powerless: [inherited, refuses], become: [left, capabilities, nothingNew], mended: [errors, session],
}
