// What a pull or a push tells while it works, in Docker's words.
//
//   { id: 'a1b2c3d4e5f6', status: 'Downloading', current: 1024, total: 4096 }
//
// Invariant: of bytes, only as much is told as somebody can read.
import type { Descriptor } from '@pocker/images'
import { hexOf } from '@pocker/layers'

export interface Progress {
  /** Twelve digits of the layer's digest. */
  readonly id: string
  readonly status:
    | 'Pulling fs layer' | 'Waiting' | 'Downloading' | 'Verifying Checksum' | 'Download complete'
    | 'Extracting' | 'Pull complete' | 'Already exists'
    | 'Preparing' | 'Pushing' | 'Pushed' | 'Layer already exists' | `Mounted from ${string}`
  readonly current?: number
  readonly total?: number
}

export type Listener = (progress: Progress) => void

/** Milliseconds between two lines about the same layer's bytes. */
const PACE = 100
const DIGITS = 12

/** What is told of one layer. */
export class Told {
  readonly #id: string
  readonly #total: number
  readonly #listener: Listener
  #last = 0

  constructor({ digest, size }: Descriptor, listener: Listener = () => {}) {
    this.#id = hexOf(digest).slice(0, DIGITS)
    this.#total = size
    this.#listener = listener
  }

  tell(status: Progress['status']): void {
    this.#listener({ id: this.#id, status })
  }

  bytes(status: 'Downloading' | 'Extracting' | 'Pushing', current: number): void {
    const now = Date.now()
    if (now - this.#last < PACE && current < this.#total) return
    this.#last = now
    this.#listener({ id: this.#id, status, current, total: this.#total })
  }
}
