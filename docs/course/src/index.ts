// The lessons as data, their sources and their terminal sessions: what the command `course` is made of.
export * from './lesson.ts'
export * from './regions.ts'
export * from './transcript.ts'
export * from './console.ts'
export * from './chapters.ts'
