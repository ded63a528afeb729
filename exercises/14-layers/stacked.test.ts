// The visible checks of stacked.ts. A shell in the container says what it finds.
import { Failure, same, type Context, type Exercise, type Seen } from '@pocker/grader'
import { mkdir } from '@pocker/syscalls'
import { alike, directory, file, layered, linesOf, listed, made, said, type Tree } from './stage.ts'

interface Stage {
  readonly lowers: readonly Tree[]
  /** What is in the upper directory; without it there is none. */
  readonly upper?: Tree
  /** Of the directories of the lower ones. */
  readonly names?: readonly string[]
  /** The paths are those in the container. */
  readonly script: (paths: { target: string; lowers: readonly string[]; upper: string }) => string
}

/** Lets the answer stack directories, and a shell look at them. */
export async function stack(
  context: Context, { lowers: trees, upper: own, names, script }: Stage,
): Promise<{ lines: string[]; seen: Seen; target: string }> {
  const { compute, token } = context
  const top = `/tmp/${token()}`
  const lowers = trees.map((_, i) => `${top}/${names?.[i] ?? token()}`)
  const [upper, work, target] = [token(), token(), token()].map((name) => `${top}/${name}`) as [string, string, string]
  const plan = await compute({ lowers, target, ...(own && { upper, work }) })
  const scene = [
    mkdir(top, 0o755), ...lowers.flatMap((path, i) => made(path, trees[i])), ...made(target),
    ...(own ? [...made(upper, own), ...made(work)] : []),
  ]
  return { ...await said(context, plan, scene, script({ target, lowers, upper })), target }
}

const merged = layered({
  id: 'merged',
  title: 'what is in any of the directories is there',
  points: 1,
  hint: 'mount(2) with the type overlay, and an option lowerdir: a list with colons between',
  lesson: 'try-it',
}, async (context) => {
  const [names, text] = [Array.from({ length: 3 }, () => context.token()), context.token()]
  const { lines } = await stack(context, {
    lowers: names.map((name) => ({ d: directory(), [`d/${name}`]: file(text) })), upper: {}, script: ({ target }) => listed(target),
  })
  alike(lines, linesOf({ d: directory(), ...Object.fromEntries(names.map((name) => [`d/${name}`, file(text)])) }), 'in the stack')
})

const order = layered({
  id: 'order',
  title: 'of two files of one name, that of the upper directory is seen',
  points: 1,
  hint: 'in which order does lowerdir take them, and in which do you get them?',
  lesson: 'try-it',
}, async (context) => {
  const [a, b, c, d, e] = Array.from({ length: 5 }, () => context.token()) as [string, string, string, string, string]
  const { lines } = await stack(context, {
    lowers: [{ one: file(a) }, { one: file(b), two: file(c) }, { one: file(d), two: file(e) }], upper: {},
    script: ({ target }) => `cat ${target}/one; echo; cat ${target}/two`,
  })
  const [seen, expected] = [lines.join(' '), `${a} ${c}`]
  same(seen, expected, `expected the uppermost files, ${expected}, got ${seen || 'nothing'}`)
})

const written = layered({
  id: 'written',
  title: 'what is written goes to the upper directory, and no lower one changes',
  points: 1,
  hint: 'which of the two is upperdir, and which is workdir?',
  lesson: 'try-it',
}, async (context) => {
  const [old, fresh, kept, name] = Array.from({ length: 4 }, () => context.token()) as [string, string, string, string]
  const { lines } = await stack(context, {
    lowers: [{ changed: file(old) }], upper: { kept: file(kept) },
    script: ({ target, lowers: [lower = ''], upper }) => `cat ${target}/kept; echo; printf %s ${fresh} >> ${target}/changed
      mkdir ${target}/${name}; (${listed(upper)}); ${listed(lower)}`,
  })
  const upper = { changed: file(`${old}${fresh}`), kept: file(kept), [name]: directory() }
  alike(lines, [kept, ...linesOf(upper), ...linesOf({ changed: file(old) })], 'in the upper and the lower directory')
})

const points = ({ mounts }: { mounts: Seen['mounts'] }): string => mounts.map(({ point }) => point).join(' ')

const apart = layered({
  id: 'apart',
  title: 'nobody but the container has the mount',
  points: 1,
  hint: 'the machine\'s mounts are shared: which step must come before any other mount, and in which namespace?',
  lesson: 'the-syscalls',
}, async (context) => {
  const { seen, target } = await stack(context, { lowers: [{}, {}], upper: {}, script: () => ':' })
  const here = seen.mounts.filter(({ point, type }) => point === target && type === 'overlay').length
  if (here === 0) {
    throw new Failure('the container has no overlay at its target', { expected: `overlay at ${target}`, seen: points(seen) })
  }
  if (seen.namespaces['mnt'] === seen.sandbox.namespaces['mnt']) {
    throw new Failure('CLONE_NEWNS is missing: the machine has the mount, too')
  }
  const [expected, got] = [points(seen.sandbox.before), points(seen.sandbox.now)]
  if (got !== expected) throw new Failure('the mount went out to the machine', { expected, seen: got })
})

export const exercise: Exercise = {
  id: '14-layers/stacked', title: 'One tree out of many', points: 7, checks: [merged, order, written, apart],
}
