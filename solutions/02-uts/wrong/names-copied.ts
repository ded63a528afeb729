// exercise: names
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/uts: write it yourself
export { uts as names } from '@pocker/uts'
