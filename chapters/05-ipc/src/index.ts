// Chapter 05: shared memory, semaphores and message queues of its own. Read ipc.ts, shm.ts, flags.ts.
export * from './ipc.ts'
export * from './shm.ts'
export * from './flags.ts'
