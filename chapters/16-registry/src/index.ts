// Chapter 16: registries. Read in this order: http/ (headers that both sides read), server/ (what a registry answers), client/
// (who asks), image/ (the server as an image).
export { collect, type Collected } from './server/collect.ts'
export { serve, type Logged, type Served, type ServeOptions } from './server/serve.ts'
export { login, logout, type Login } from './client/login.ts'
export { pull, type Pulled, type PullOptions } from './client/pull.ts'
export { push, tagsOf, type Pushed } from './client/push.ts'
export { tagsAt } from './client/tags.ts'
export { RegistryError, type Fault } from './client/errors.ts'
export type { Credentials } from './client/credentials.ts'
export type { Progress } from './client/progress.ts'
export type { RegistryOptions } from './client/options.ts'
export { registryBase } from './image/base.ts'
