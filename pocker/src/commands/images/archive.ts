// Images and root file systems, to and from archives.
import { createReadStream } from 'node:fs'
import {
  importRootfs, load, loadLines, parsePlatform, parseReference, print, save, writeArchive, type Platform,
} from '@pocker/images'
import { SpecError } from '@pocker/syscalls'
import { here } from './local.ts'

export async function saveAll(words: string[], { output }: { output?: string }): Promise<void> {
  await writeArchive(save(here(), words), output)
}

/** Opened when the first byte is asked for: so whoever asks hears of an error. */
async function* bytesOf(file: string | undefined): AsyncGenerator<Uint8Array> {
  yield* file === undefined ? process.stdin : createReadStream(file)
}

export async function loadAll(_: string[], { input, platform }: { input?: string; platform?: string }): Promise<void> {
  const wanted = platformOf(platform)
  if (input === undefined && process.stdin.isTTY) throw new SpecError('requested load from stdin, but stdin is empty')
  print(loadLines(await load(here(), bytesOf(input), { platform: wanted })))
}

const platformOf = (text: string | undefined): Platform | undefined => (text === undefined ? undefined : parsePlatform(text))

interface ImportFlags { readonly change: readonly string[]; readonly message?: string; readonly platform?: string }

export async function importFile([file = '', name]: string[], { change, message, platform }: ImportFlags): Promise<void> {
  const { id } = await importRootfs(here(), bytesOf(file === '-' ? undefined : file), {
    changes: change, message, reference: name === undefined ? undefined : parseReference(name),
    platform: platformOf(platform),
  })
  print(`${id}\n`)
}
