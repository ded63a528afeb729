// Chapter 08: a boot clock and a monotonic clock of its own. Read time.ts, flags.ts.
export * from './time.ts'
export * from './flags.ts'
