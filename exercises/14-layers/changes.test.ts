// The visible checks of changes.ts. They judge what overlayfs shows when the directory lies on top of what was before.
import type { Context, Exercise } from '@pocker/grader'
import { alike, directory, file, layered, linesOf, placeIn, put, symlink, type Tree } from './stage.ts'

/** Lets the answer fill a directory. */
export async function changed(context: Context, before: Tree, after: Tree, mask?: number): ReturnType<typeof put> {
  const place = placeIn(context)
  const plan = await context.compute({ directory: place.layer, before, after })
  return put(context, plan, place, { base: before, ...(mask !== undefined && { mask }) })
}

const fresh = layered({
  id: 'fresh',
  title: 'what is new is there, and what a file holds now',
  points: 1,
  hint: 'a path is new if it is in `after` only. And when is a file another one, though its path is in both?',
  lesson: 'the-code',
}, async (context) => {
  const [name, dir, old, now] = Array.from({ length: 4 }, () => context.token()) as [string, string, string, string]
  const before = { etc: directory(), [`etc/${name}`]: file(old), same: file(old) }
  const after = {
    etc: directory(), [`etc/${name}`]: file(now), same: file(old), [dir]: directory(), [`${dir}/in`]: file(now), link: symlink(now),
  }
  const { merged } = await changed(context, before, after)
  alike(merged, linesOf(after), 'on top of what was before')
})

const gone = layered({
  id: 'gone',
  title: 'what was removed is gone: a file, and a directory with all that was in it',
  points: 2,
  hint: 'each path that is in `before` only needs something that covers it. Or does it, if its directory is gone, too?',
  lesson: 'try-it',
}, async (context) => {
  const [name, dir, stays] = Array.from({ length: 3 }, () => context.token()) as [string, string, string]
  const kept = { etc: directory(), [`etc/${stays}`]: file(stays) }
  const before = {
    ...kept, [`etc/${name}`]: file(''), [dir]: directory(), [`${dir}/in`]: directory(), [`${dir}/in/deep`]: file(''),
  }
  const { merged } = await changed(context, before, kept)
  alike(merged, linesOf(kept), 'on top of what was before')
})

const small = layered({
  id: 'small',
  title: 'what is the same in both is not in the layer',
  points: 1,
  hint: 'compare each entry of `after` with that of `before`; a directory is needed if something in it is',
  lesson: 'the-code',
}, async (context) => {
  const [name, dir, text] = Array.from({ length: 3 }, () => context.token()) as [string, string, string]
  const same = {
    [dir]: directory(), [`${dir}/one`]: file(text), [`${dir}/in`]: directory(), [`${dir}/in/deep`]: file(text), etc: directory(),
    'etc/same': file(text), link: symlink(text),
  }
  const { raw } = await changed(context, same, { ...same, [`etc/${name}`]: file(text) })
  alike(raw, linesOf({ etc: directory(), [`etc/${name}`]: file(text) }), 'in the layer')
})

export const exercise: Exercise = {
  id: '14-layers/changes', title: 'What has changed', points: 7, checks: [fresh, gone, small],
}
