// Chapter 09: groups of processes, and what they may use. Read tree.ts, files.ts, cgroup.ts, group.ts, devices.ts, flags.ts.
export * from './tree.ts'
export * from './files.ts'
export * from './cgroup.ts'
export * from './group.ts'
export * from './devices.ts'
export * from './flags.ts'
