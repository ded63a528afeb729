// Chapter 04: a mount table of its own. Read options.ts, attach.ts, dev.ts, hide.ts, mount.ts, flags.ts.
export * from './options.ts'
export * from './attach.ts'
export * from './dev.ts'
export * from './hide.ts'
export * from './mount.ts'
export * from './flags.ts'
