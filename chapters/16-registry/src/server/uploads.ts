// Blobs on their way in. They come in one piece or in several, and a piece may be cut off anywhere.
//
//   const upload = uploads.open(repository, id)
//   await upload.append(request, { start: 0 })  →  upload.size         await upload.finish(digest)
//
// Invariant: what has arrived stays, over a restart as well, and is gone on with at its end; a blob gets its name only if its
// digest is right.
import { randomUUID } from 'node:crypto'
import { createReadStream, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { Tally, type Digest } from '@pocker/layers'
import { ApiError } from './answer.ts'
import { move } from './files.ts'
import type { Repository, Storage } from './storage.ts'

/** Uploads whose hash is at hand; of others the file is read again. */
const MOST_AT_HAND = 1000

export class Uploads {
  readonly #storage: Storage
  readonly #atHand = new Map<string, Upload>()

  constructor(storage: Storage) {
    this.#storage = storage
  }

  create(repository: Repository): Upload {
    const id = randomUUID()
    const file = repository.uploadFile(id)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, '', { flag: 'wx' })
    return this.#keep(new Upload(id, file, this.#storage, repository, new Tally()))
  }

  open(repository: Repository, id: string): Upload {
    const file = repository.uploadFile(id)
    if (!existsSync(file)) throw new ApiError('BLOB_UPLOAD_UNKNOWN')
    const known = this.#atHand.get(file)
    return known ?? this.#keep(new Upload(id, file, this.#storage, repository))
  }

  #keep(upload: Upload): Upload {
    const [oldest] = this.#atHand.keys()
    if (this.#atHand.size >= MOST_AT_HAND && oldest !== undefined) this.#atHand.delete(oldest)
    this.#atHand.set(upload.file, upload)
    return upload
  }

  close(upload: Upload): void {
    this.#atHand.delete(upload.file)
    upload.cancel()
  }
}

export class Upload {
  readonly id: string
  readonly file: string
  readonly #storage: Storage
  readonly #repository: Repository
  #tally: Tally | undefined
  #writer: { source: Readable; done: Promise<unknown> } | undefined

  constructor(id: string, file: string, storage: Storage, repository: Repository, tally?: Tally) {
    this.id = id
    this.file = file
    this.#storage = storage
    this.#repository = repository
    this.#tally = tally
  }

  get isGone(): boolean {
    return !existsSync(this.file)
  }

  get size(): number {
    return statSync(this.file).size
  }

  /**
   * @param start where the sender believes to be; undefined: at the end
   * @param length how much it means to send
   * @throws {ApiError} RANGE_INVALID if that is not the end of what is there
   */
  async append(source: Readable, { start, length }: { start?: number | undefined; length?: number | undefined }): Promise<void> {
    await this.#takeOver()
    if (start !== undefined && start !== this.size) throw new ApiError('RANGE_INVALID', { expected: this.size, got: start })
    const done = this.#write(source, length)
    this.#writer = { source, done: done.catch(() => {}) }
    await done.finally(() => { this.#writer = undefined })
  }

  /** Who comes later wins: the one before has lost its connection, and the kernel did not tell us yet. */
  async #takeOver(): Promise<void> {
    while (this.#writer) {
      this.#writer.source.destroy()
      await this.#writer.done
    }
  }

  async #write(source: Readable, length: number | undefined): Promise<void> {
    const [tally, before] = [await this.#tallied(), this.size]
    const handle = await open(this.file, 'a')
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        await handle.appendFile(chunk)
        tally.add(chunk)
      }
    } catch (error) {
      this.#tally = undefined // more may be in the file than was counted
      throw error
    } finally {
      await handle.close()
    }
    const got = this.size - before
    if (length !== undefined && got !== length) throw new ApiError('SIZE_INVALID', { expected: length, got })
  }

  async #tallied(): Promise<Tally> {
    if (this.#tally?.size === this.size) return this.#tally
    const tally = new Tally()
    for await (const chunk of createReadStream(this.file) as AsyncIterable<Buffer>) tally.add(chunk)
    return this.#tally = tally
  }

  /** @throws {ApiError} DIGEST_INVALID: then the upload is gone */
  // region finish
  async finish(digest: Digest): Promise<void> {
    await this.#takeOver()
    const handle = await open(this.file)
    await handle.sync().finally(() => handle.close())
    const { digest: got } = await this.#tallied()
    if (this.isGone) throw new ApiError('BLOB_UPLOAD_UNKNOWN') // another one has finished it
    if (got !== digest) {
      this.cancel()
      throw new ApiError('DIGEST_INVALID', { expected: digest, got })
    }
    const file = this.#storage.blobFile(digest)
    existsSync(file) ? this.cancel() : move(this.file, file)
    this.#repository.link(digest)
    this.#repository.blob(digest) // it may have been here for long: now it is young again
  }
  // endregion

  cancel(): void {
    this.#writer?.source.destroy()
    rmSync(this.file, { force: true })
  }
}
