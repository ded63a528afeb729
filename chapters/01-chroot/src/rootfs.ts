// Root file systems. A container needs nothing but a directory with the files that its program asks for.
//
//   await busyboxRootfs('/srv/busybox')   → { path, made: true, source: 'busybox-static 1:1.35.0' }
//   checkRootfs(path)                     → or a SpecError that says what is wrong
//
// Invariant: a root file system is built beside its place and renamed into it, so it is there whole or not at all; whoever
// comes second finds the first one's and uses it.
import { execFile } from 'node:child_process'
import { chmod, copyFile, lchown, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { statSync, type Stats } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { call, mknod, SpecError } from '@pocker/syscalls'

const exec = promisify(execFile)

/** The directories of a minimal root file system, and their modes. @see Filesystem Hierarchy Standard 3.0 */
// region directories
const DIRECTORIES: Readonly<Record<string, number>> = {
  bin: 0o755, dev: 0o755, etc: 0o755, home: 0o755, proc: 0o555, root: 0o700, sys: 0o555, tmp: 0o1777, usr: 0o755,
  'usr/bin': 0o755, 'usr/sbin': 0o755, var: 0o755, 'var/tmp': 0o1777,
}
// endregion
const FILES: Readonly<Record<string, string>> = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n',
  'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
}

/** What programs expect below /dev: major and minor number. @see null(4), random(4), tty(4), devices.txt of the kernel */
const DEVICES: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  null: [1, 3], zero: [1, 5], full: [1, 7], random: [1, 8], urandom: [1, 9], tty: [5, 0],
}

/** A user and a group, by number. */
export interface Owner { readonly uid: number; readonly gid: number }

export interface Rootfs {
  readonly path: string
  /** False if it was there already. */
  readonly made: boolean
  /** Where busybox came from. */
  readonly source: string
}

/** @throws {SpecError} if the path is not there, or is no directory */
export function checkRootfs(path: string): void {
  const found = look(path)
  if (!found) throw new SpecError(`rootfs: expected a directory, got ${path}, which does not exist`)
  if (!found.isDirectory()) throw new SpecError(`rootfs: expected a directory, got ${path}, which is a file`)
}

function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (cause) { // a file on the way to it, a directory that is closed to us, a name too long
    throw new SpecError(`rootfs: expected a directory, got ${path}: ${(cause as NodeJS.ErrnoException).code}`, { cause })
  }
}

/**
 * Makes a root file system from Debian's package busybox-static: one static program under some 270 names.
 * @param path where it goes; what is there already is kept
 * @param owner of its files, if not the caller; only root can give files away
 * @throws {SpecError} if the package can be neither found nor fetched
 */
export async function busyboxRootfs(path: string, owner?: Owner): Promise<Rootfs> {
  if (await isDirectory(path)) return { path, made: false, source: 'already there' }
  await mkdir(dirname(path), { recursive: true })
  const work = await mkdtemp(join(dirname(path), `.${basename(path)}-`))
  try {
    const { file, source } = await findBusybox(work)
    const root = join(work, 'rootfs')
    await fill(root, file)
    if (owner) await giveTo(owner, root)
    return { path, made: await settle(root, path), source }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** @returns whether ours became the one; false if another process was faster */
// region settle
async function settle(root: string, path: string): Promise<boolean> {
  try {
    await rename(root, path)
    return true
  } catch (error) {
    if (await isDirectory(path)) return false
    throw error
  }
}
// endregion

async function fill(root: string, busybox: string): Promise<void> {
  await mkdir(root, { recursive: true })
  for (const [dir, mode] of Object.entries(DIRECTORIES)) {
    await mkdir(join(root, dir))
    await chmod(join(root, dir), mode) // mkdir's mode is subject to the umask
  }
  for (const [file, content] of Object.entries(FILES)) {
    await writeFile(join(root, file), content)
    await chmod(join(root, file), 0o644) // likewise: whoever the program runs as, it may read them
  }
  if (process.geteuid?.() === 0) { // nobody else may make devices
    for (const [name, [major, minor]] of Object.entries(DEVICES)) {
      call(mknod(join(root, 'dev', name), 0o666, major, minor))
      await chmod(join(root, 'dev', name), 0o666)
    }
  }
  await copyFile(busybox, join(root, 'bin/busybox'))
  await chmod(join(root, 'bin/busybox'), 0o755)
  const { atime, mtime } = await stat(busybox)
  await utimes(join(root, 'bin/busybox'), atime, mtime) // the day on which it was built: an image that is made of it can say so
  const { stdout } = await exec(busybox, ['--list'])
  for (const applet of stdout.split('\n').filter((name) => name && name !== 'busybox')) {
    await symlink('busybox', join(root, 'bin', applet))
  }
  await chmod(root, 0o755)
}

/** The directory and all in it; of a symbolic link, the link itself. */
async function giveTo({ uid, gid }: Owner, path: string): Promise<void> {
  const below = await readdir(path, { recursive: true })
  for (const name of ['', ...below]) await lchown(join(path, name), uid, gid)
}

/** An installed busybox-static will do; otherwise the package is fetched, and taken apart without being installed. */
async function findBusybox(work: string): Promise<{ file: string; source: string }> {
  const installed = await exec('dpkg-query', ['-W', '-f', '${Package} ${Version}', 'busybox-static']).catch(() => undefined)
  if (installed && await isFile('/bin/busybox')) return { file: '/bin/busybox', source: installed.stdout }
  await fetchPackage('busybox-static', work)
  const deb = (await readdir(work)).find((name) => name.endsWith('.deb')) ?? ''
  await exec('dpkg-deb', ['-x', join(work, deb), join(work, 'package')])
  const { stdout } = await exec('dpkg-deb', ['-W', '--showformat=${Package} ${Version}', join(work, deb)])
  return { file: join(work, 'package/bin/busybox'), source: stdout }
}

async function fetchPackage(name: string, work: string): Promise<void> {
  const env = { ...process.env, LC_ALL: 'C' }
  const apt = (args: string[]): Promise<unknown> => exec('apt-get', ['-q', ...args], { cwd: work, env })
  try {
    // A fresh machine has no package lists, and an ordinary user may not fetch any for all: so they go to a place of their own.
    const lists = await mkdtemp(join(tmpdir(), 'pocker-apt-'))
    const own = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${lists}`, '-o', 'APT::Sandbox::User=root']
    try {
      await apt(['download', name]).catch(async () => {
        await apt([...own, 'update'])
        await apt([...own, 'download', name])
      })
    } finally {
      await rm(lists, { recursive: true, force: true })
    }
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr ?? error).trim().split('\n').at(-1)
    const message = `busybox: expected Debian's package ${name}, and could not fetch it (${said}); try: apt-get install ${name}`
    throw new SpecError(message, { cause: error })
  }
}

const isDirectory = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isDirectory() ?? false
const isFile = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isFile() ?? false
