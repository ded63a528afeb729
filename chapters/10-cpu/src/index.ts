// Chapter 10: how much of the processors, and which of them. Read cpu.ts, flags.ts.
export * from './cpu.ts'
export * from './flags.ts'
