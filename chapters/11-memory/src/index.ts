// Chapter 11: how much memory, and what happens beyond. Read memory.ts, flags.ts.
export * from './memory.ts'
export * from './flags.ts'
