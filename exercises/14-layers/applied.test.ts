// The visible checks of applied.ts. They judge what is in the directory, and what overlayfs makes of it.
import type { Context, Exercise } from '@pocker/grader'
import { alike, directory, file, layered, linesOf, placeIn, put, symlink, type Node, type Place, type Tree } from './stage.ts'

/** As the answer gets them. */
export const entries = (tree: Tree): (Node & { path: string })[] => Object.entries(tree).map(([path, node]) => ({ path, ...node }))

type Around = Parameters<typeof put>[3]

/** Lets the answer put a layer into a directory. */
export async function apply(
  context: Context, layer: Tree, around: Around = {}, place: Place = placeIn(context),
): ReturnType<typeof put> {
  return put(context, await context.compute({ directory: place.layer, entries: entries(layer) }), place, around)
}

/** What no file system has: it is there for its name. */
export const mark = file('', 0o600)

const files = layered({
  id: 'files',
  title: 'directories and files are there, and in the files what they hold',
  points: 1,
  hint: 'one step for a directory; three for a file, as a descriptor has to be closed again. How long is a text in bytes?',
  lesson: 'the-code',
}, async (context) => {
  const [dir, ...text] = Array.from({ length: 3 }, () => context.token()) as [string, string, string]
  const layer = {
    [dir]: directory(), [`${dir}/first`]: file(`größe ${text[0]}`), [`${dir}/empty`]: file(''), second: file(text[1]),
  }
  const { raw } = await apply(context, layer)
  alike(raw, linesOf(layer), 'in the layer')
})

const modes = layered({
  id: 'modes',
  title: 'they have their modes, whatever the umask is',
  points: 1,
  hint: 'the kernel takes the bits of the umask away from every mode. Which call sets it, and for whom?',
  lesson: 'the-code',
}, async (context) => {
  const { token } = context
  const layer = {
    [token()]: directory(0o1777), [token()]: file('', 0o666), [token()]: directory(0o711), [token()]: file('', 0o640),
  }
  const { raw } = await apply(context, layer, { mask: 0o077 })
  alike(raw, linesOf(layer), 'modes')
})

const links = layered({
  id: 'links',
  title: 'links lead where the archive says, and other entries come by way of them',
  points: 1,
  hint: 'the target is a text, whatever is there. And from the point of view of which root does it lead somewhere?',
  lesson: 'the-code',
}, async (context) => {
  const [name, text] = [context.token(), context.token()]
  const layer: Tree = {
    usr: directory(), 'usr/lib': directory(), lib: symlink('usr/lib'), [`lib/${name}`]: file(text), away: symlink(`/${name}`),
  }
  const { raw } = await apply(context, layer)
  const { [`lib/${name}`]: own = file(''), ...others } = layer
  alike(raw, linesOf({ ...others, [`usr/lib/${name}`]: own }), 'links')
})

const gone = layered({
  id: 'gone',
  title: 'what the layer takes away is gone, on top of another layer',
  points: 2,
  hint: 'mknod makes a device: S_IFCHR, and the numbers 0:0',
  lesson: 'try-it',
}, async (context) => {
  const [stays, goes, dir] = Array.from({ length: 3 }, () => context.token()) as [string, string, string]
  const base = {
    etc: directory(), [`etc/${stays}`]: file(stays), [`etc/${goes}`]: file(goes), [dir]: directory(), [`${dir}/in`]: file(''),
  }
  const { merged } = await apply(context, { etc: directory(), [`etc/.wh.${goes}`]: mark, [`.wh.${dir}`]: mark }, { base })
  alike(merged, linesOf({ etc: directory(), [`etc/${stays}`]: file(stays) }), 'on top of another layer')
})

const opaque = layered({
  id: 'opaque',
  title: 'nothing that is below shows in an opaque directory, only what the layer itself has there',
  points: 1,
  hint: 'setAttribute is the call, on the directory in which the mark stands. Is the mark itself a file of the layer?',
  lesson: 'try-it',
}, async (context) => {
  const [one, two, old, fresh] = Array.from({ length: 4 }, () => context.token()) as [string, string, string, string]
  const base = { [one]: directory(), [`${one}/${old}`]: file(''), [two]: directory(), [`${two}/${old}`]: file('') }
  const { merged } = await apply(context, {
    [one]: directory(), [`${one}/.wh..wh..opq`]: mark, [`${one}/${fresh}`]: file(fresh),
    [two]: directory(), [`${two}/${fresh}`]: file(fresh), [`${two}/.wh..wh..opq`]: mark,
  }, { base })
  const expected = [one, two].flatMap((dir) => linesOf({ [dir]: directory(), [`${dir}/${fresh}`]: file(fresh) }))
  alike(merged, expected, 'in opaque directories')
})

export const exercise: Exercise = {
  id: '14-layers/applied', title: 'A stranger\'s orders', points: 10, checks: [files, modes, links, gone, opaque],
}
