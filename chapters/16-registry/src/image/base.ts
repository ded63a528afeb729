// The image `registry`: busybox, node with the libraries that it needs, and the server in one file.
//
//   await ensureBase(registryBase('/…/dist/registry.cjs'), images)   → { image, source: "node v20.11.0 and pocker's registry", … }
//
// Whoever knows Docker's can use it: port 5000, /var/lib/registry, REGISTRY_… (program.ts).
// Invariant: the same node and the same server give the same image, to the byte.
import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { BUSYBOX, type Base, type Grown } from '@pocker/images'
import { SpecError } from '@pocker/syscalls'

const [NODE, PROGRAM, STATE] = ['/usr/bin/node', '/bin/registry', '/var/lib/registry']

/** @param program the bundle of program.ts; its first line names NODE as its interpreter */
// region image
export const registryBase = (program: string): Base => ({
  name: 'registry', on: BUSYBOX, grow: (directory) => grow(join(directory, 'rootfs'), program),
  config: {
    Env: [...BUSYBOX.config.Env ?? []], Entrypoint: [PROGRAM], Cmd: ['serve'],
    ExposedPorts: { '5000/tcp': {} }, Volumes: { [STATE]: {} },
  },
})
// endregion

async function grow(path: string, program: string): Promise<Grown> {
  const put = async (from: string, to: string): Promise<void> => {
    await mkdir(dirname(join(path, to)), { recursive: true })
    await cp(from, join(path, to), { dereference: true, preserveTimestamps: true })
  }
  for (const library of await librariesOf(process.execPath)) await put(library, library)
  await put(process.execPath, NODE)
  await put(program, PROGRAM)
  await chmod(join(path, PROGRAM), 0o755)
  await mkdir(join(path, STATE), { recursive: true })
  const { mtime } = await stat(process.execPath)
  return { path, source: `node ${process.version} and pocker's registry`, date: mtime }
}

/** As the dynamic linker finds them, itself among them. @see ldd(1) */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ldd', [program]).catch((error: Error) => {
    const why = error.message.trim().split('\n').at(-1)
    throw new SpecError(`registry: expected ldd to say what ${program} needs, got: ${why}`, { cause: error })
  })
  return [...stdout.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, file = '']) => file)
}
