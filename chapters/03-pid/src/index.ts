// Chapter 03: process 1 of its own world. Read pid.ts, proc.ts, init.ts.
export * from './pid.ts'
export * from './proc.ts'
export * from './init.ts'
