// What `pocker run --mine` needs of the course.
export * from './answers.ts'
export * from './enclosed.ts'
