// Chapter 02: a host name of its own.
export * from './uts.ts'
