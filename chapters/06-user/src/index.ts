// Chapter 06: users and groups of its own, and containers without root. Read user.ts, subordinate.ts, choose.ts, borrow.ts,
// flags.ts, diagnose.ts.
export * from './user.ts'
export * from './subordinate.ts'
export * from './choose.ts'
export * from './borrow.ts'
export * from './flags.ts'
export * from './diagnose.ts'
