// The autograder. Read in this order: check.ts (what a check is), submission.ts and compute.ts (an answer computes
// data), sandbox.ts and look.ts (its plan runs, and the kernel is asked), grade.ts and report.ts (points).
export * from './verdict.ts'
export * from './check.ts'
export * from './submission.ts'
export * from './compute.ts'
export * from './accept.ts'
export * from './sandbox.ts'
export * from './look.ts'
export * from './mounts.ts'
export * from './exercises.ts'
export * from './grade.ts'
export * from './report.ts'
