// Chapter 03: process 1 of its own world. Read pid.ts, proc.ts, init.ts, owner.ts.
export * from './pid.ts'
export * from './proc.ts'
export * from './init.ts'
export * from './owner.ts'
