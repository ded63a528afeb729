// exercise: himself
// wrong: hands in the chapter's own package
// score: 0
// says: an answer may not import @pocker/user: write it yourself
export { user as himself } from '@pocker/user'
