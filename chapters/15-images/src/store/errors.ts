// What goes wrong with images, in Docker's words: people look for them, and programs compare them.
import { SpecError } from '@pocker/syscalls'

export class NoSuchImage extends SpecError {
  override readonly code: string = 'ENOIMAGE'

  constructor(text: string, options?: ErrorOptions) {
    super(`No such image: ${text}`, options)
  }
}

export class ImageConflict extends SpecError {
  override readonly code: string = 'ECONFLICT'

  constructor(what: string, options?: ErrorOptions) {
    super(`conflict: ${what}`, options)
  }
}
