// Blobs on their way in. They come in one piece or in several, and a piece may be cut off anywhere.
//
//   const upload = uploads.open(repository, id)
//   await upload.append(request, { start: 0 })  →  upload.size         await upload.finish(digest)
//
// Invariant: what has arrived stays, over a restart as well, and is gone on with at its end; a blob gets its name only if its
// digest is right.
import { randomUUID } from 'node:crypto'
import { constants, createReadStream, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
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

  /** One that is at work stays: two objects for one file would not know of each other. */
  #keep(upload: Upload): Upload {
    const oldest = this.#atHand.size < MOST_AT_HAND ? undefined : [...this.#atHand.values()].find(({ isAtWork }) => !isAtWork)
    if (oldest) this.#atHand.delete(oldest.file)
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
  #work: { source: Readable | undefined; done: Promise<unknown> } | undefined

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

  get isAtWork(): boolean {
    return this.#work !== undefined
  }

  /**
   * @param start where the sender believes to be; undefined: at the end
   * @param length how much it means to send
   * @throws {ApiError} RANGE_INVALID if that is not the end of what is there
   */
  async append(source: Readable, { start, length }: { start?: number | undefined; length?: number | undefined }): Promise<void> {
    await this.#alone(source, async () => {
      if (start !== undefined && start !== this.size) throw new ApiError('RANGE_INVALID', { expected: this.size, got: start })
      await this.#write(source, length)
    })
  }

  /**
   * One at a time, and who comes later wins: the sender before has lost its connection, and the kernel did not tell us yet.
   * @throws {ApiError} BLOB_UPLOAD_UNKNOWN if it was finished or taken back meanwhile
   */
  async #alone(source: Readable | undefined, body: () => Promise<void>): Promise<void> {
    while (this.#work) {
      this.#work.source?.destroy()
      await this.#work.done
    }
    const done = body().finally(() => { this.#work = undefined })
    this.#work = { source, done: done.catch(() => {}) }
    await done.catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new ApiError('BLOB_UPLOAD_UNKNOWN') : error
    })
  }

  async #write(source: Readable, length: number | undefined): Promise<void> {
    const [tally, before] = [await this.#tallied(), this.size]
    const handle = await open(this.file, constants.O_WRONLY | constants.O_APPEND) // 'a' would make one that is gone anew
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

  /**
   * Nobody adds to it meanwhile: who had the file open would write into the blob.
   * @throws {ApiError} DIGEST_INVALID: then the upload is gone
   */
  async finish(digest: Digest): Promise<void> {
    await this.#alone(undefined, () => this.#finish(digest))
  }

  // region finish
  async #finish(digest: Digest): Promise<void> {
    const handle = await open(this.file)
    await handle.sync().finally(() => handle.close())
    const { digest: got } = await this.#tallied()
    if (this.isGone) throw new ApiError('BLOB_UPLOAD_UNKNOWN') // its sender has taken it back
    if (got !== digest) {
      this.cancel()
      throw new ApiError('DIGEST_INVALID', { expected: digest, got })
    }
    move(this.file, this.#storage.blobFile(digest))
    this.#repository.link(digest)
    this.#repository.blob(digest) // its bytes may have come long ago: now it is young again
  }
  // endregion

  cancel(): void {
    this.#work?.source?.destroy()
    rmSync(this.file, { force: true })
  }
}
