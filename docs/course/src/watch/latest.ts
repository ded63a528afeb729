// One piece of work at a time, and of those that wait only the newest.
//
//   const latest = new Latest(grade)
//   latest.ask('a'); latest.ask('b'); latest.ask('c')   → grade('a'), and after it grade('c')
//   await latest.idle()
//
// Invariant: `work` is never called before its last call has ended.
export class Latest<T> {
  readonly #work: (what: T) => Promise<void>
  #waiting: { readonly what: T } | undefined
  #running: Promise<void> | undefined

  constructor(work: (what: T) => Promise<void>) {
    this.#work = work
  }

  get busy(): boolean {
    return this.#running !== undefined
  }

  ask(what: T): void {
    this.#waiting = { what }
    this.#running ??= this.#all()
  }

  /** Forgets what waits. */
  async idle(): Promise<void> {
    this.#waiting = undefined
    await this.#running
  }

  async #all(): Promise<void> {
    await Promise.resolve() // so that #running is set
    try {
      while (this.#waiting) {
        const { what } = this.#waiting
        this.#waiting = undefined
        await this.#work(what)
      }
    } finally {
      this.#running = undefined
    }
  }
}
