// The hidden checks of chapter 14.
import { Failure, type Context, type HiddenChecks } from '@pocker/grader'
import { apply, mark } from '../../exercises/14-layers/applied.test.ts'
import { changed } from '../../exercises/14-layers/changes.test.ts'
import { alike, directory, file, layered, linesOf, listed, placeIn, symlink, type Tree } from '../../exercises/14-layers/stage.ts'
import { stack } from '../../exercises/14-layers/stacked.test.ts'

const readonly = layered({
  id: 'readonly',
  title: 'without an upper directory nothing can be written',
  points: 1,
  hint: 'what is in the options when `upper` is undefined?',
  lesson: 'try-it',
}, async (context) => {
  const [name, text] = [context.token(), context.token()]
  const { lines } = await stack(context, {
    lowers: [{}, { [name]: file(text) }], script: ({ target }) => `mkdir ${target}/new; (${listed(target)})`,
  })
  alike(lines, linesOf({ [name]: file(text) }), 'in the stack, where a directory was to be made')
})

const removed = layered({
  id: 'removed',
  title: 'what is removed is gone from the stack, also a directory that is made anew, and no lower directory has changed',
  points: 1,
  hint: 'overlayfs says with an attribute that a directory is new. Which ones may it set in a user namespace?',
  lesson: 'try-it',
}, async (context) => {
  const text = context.token()
  const lower: Tree = { dir: directory(), 'dir/old': file(text), gone: file(text), stays: file(text) }
  const { lines } = await stack(context, {
    lowers: [lower], upper: {},
    script: ({ target, lowers: [path = ''] }) => `cd ${target} && rm gone && rm -r dir && mkdir dir && printf %s ${text} > dir/new
      (${listed(target)} | sed 's/^/stack /'); ${listed(path)}`,
  })
  const shown: Tree = { dir: directory(), 'dir/new': file(text), stays: file(text) }
  const expected = [...linesOf(shown).map((line) => `stack ${line}`), ...linesOf(lower)]
  alike(lines, expected, 'in the stack and below it, after rm and mkdir')
})

const names = layered({
  id: 'names',
  title: 'a colon or a comma in a name is a letter like others',
  points: 1,
  hint: 'a backslash before a letter says that it stands for itself',
  lesson: 'the-syscalls',
}, async (context) => {
  const [name, text] = [context.token(), context.token()]
  const { lines } = await stack(context, {
    lowers: [{}, { [name]: file(text) }], upper: {}, names: [':', ','].map((sign) => context.token() + sign + context.token()),
    script: ({ target }) => listed(target),
  })
  alike(lines, linesOf({ [name]: file(text) }), 'in the stack')
})

const parents = layered({
  id: 'parents',
  title: 'directories that have no entry are made, also for what takes away',
  points: 1,
  hint: 'for each directory on the way: mkdir, which may fail with one errno',
  lesson: 'the-code',
}, async (context) => {
  const [a, b, c, text] = Array.from({ length: 4 }, () => context.token()) as [string, string, string, string]
  const { raw } = await apply(context, {
    [`${a}/deep/file`]: file(text), [`${a}/deep/other`]: file(text), [`${b}/deep/.wh.old`]: mark, [`${c}/deep/.wh..wh..opq`]: mark,
  })
  const directories = [a, b, c].flatMap((name) => linesOf({ [name]: directory(), [`${name}/deep`]: directory() }))
  const expected = [...directories, ...linesOf({ [`${a}/deep/file`]: file(text), [`${a}/deep/other`]: file(text) })]
  // How it is covered is another check's question.
  alike(raw.filter((line) => !line.startsWith(`${b}/deep/old`)), expected, 'directories without an entry')
})

const words = layered({
  id: 'words',
  title: 'only a name that begins with .wh. takes something away',
  points: 1,
  hint: 'the whole path has no prefix, its last part has',
  lesson: 'the-code',
}, async (context) => {
  const layer = { [`${context.token()}.wh.old`]: file(context.token()), 'a.wh.b': directory(), 'a.wh.b/in': file(context.token()) }
  const { raw } = await apply(context, layer)
  alike(raw, linesOf(layer), 'names with .wh. in them')
})

/** @returns what is in the directory outside, when an archive has been applied or refused */
async function harmed(context: Context, hostile: (outside: string) => Tree): Promise<void> {
  const [place, name, secret] = [placeIn(context), context.token(), context.token()]
  const outside: Tree = { secret: file(secret) }
  const layer = hostile(`${place.top}/${name}`)
  const applying = apply(context, layer, { beside: { [name]: outside }, ends: true }, place)
  const { others } = await applying.catch((error: unknown) => {
    // To refuse it is as good.
    if (error instanceof Failure && error.message.startsWith('applied() threw')) return { others: linesOf(outside) }
    throw error
  })
  alike(others, linesOf(outside), 'outside the directory')
}

const within = layered({
  id: 'within',
  title: 'no archive makes or changes anything outside the directory',
  points: 2,
  hint: 'what is / for the process that does the steps? Chapter 01 has a call for that',
  lesson: 'the-code',
}, async (context) => {
  await apply(context, { file: file('') })
  const text = context.token()
  const up = (outside: string): string => `../${outside.split('/').at(-1)}`
  await harmed(context, (outside) => ({ link: symlink(outside), 'link/new': file(text) }))
  await harmed(context, (outside) => ({ link: symlink(up(outside)), 'link/new': directory() }))
  await harmed(context, (outside) => ({ link: symlink(up(outside)), 'link/.wh.gone': mark }))
  await harmed(context, (outside) => ({ [`${up(outside)}/new`]: file(text) }))
  await harmed(context, (outside) => ({ link: symlink(`${outside}/secret`), './link': file(text) }))
})

const ways = layered({
  id: 'ways',
  title: 'a directory on the way to a change keeps its mode',
  points: 1,
  hint: 'overlayfs shows the mode that the uppermost directory has: is it in `after`?',
  lesson: 'the-code',
}, async (context) => {
  const kept = { root: directory(0o700), 'root/deep': directory(0o1755), 'root/deep/old': file('') }
  const after = { ...kept, [`root/deep/${context.token()}`]: file('') }
  const { merged } = await changed(context, kept, after)
  alike(merged, linesOf(after), 'modes')
})

const modes = layered({
  id: 'modes',
  title: 'what differs in its mode has changed, and has the mode whatever the umask is',
  points: 1,
  hint: 'a file of which only the mode is another one is in the layer as a whole. And what takes bits from a mode?',
  lesson: 'the-code',
}, async (context) => {
  const [name, text, dir] = Array.from({ length: 3 }, () => context.token()) as [string, string, string]
  const after = { [name]: file(text, 0o666), [dir]: directory(0o777), same: file(text) }
  const { merged } = await changed(context, { [name]: file(text), [dir]: directory(), same: file(text) }, after, 0o077)
  alike(merged, linesOf(after), 'modes')
})

const kinds = layered({
  id: 'kinds',
  title: 'a file may become a directory, a directory a file, and a link lead elsewhere',
  points: 1,
  hint: 'what is in a directory that is a file now needs nothing that covers it: there is no place for it',
  lesson: 'the-code',
}, async (context) => {
  const [one, two, text] = Array.from({ length: 3 }, () => context.token()) as [string, string, string]
  const before = { [one]: file(text), [two]: directory(), [`${two}/in`]: file(text), link: symlink(one) }
  const after = { [one]: directory(), [`${one}/in`]: file(text), [two]: file(text), link: symlink(two) }
  const { merged } = await changed(context, before, after)
  alike(merged, linesOf(after), 'on top of what was before')
})

export const hidden: HiddenChecks = {
  stacked: [readonly, removed, names], applied: [parents, words, within], changes: [ways, modes, kinds],
}
