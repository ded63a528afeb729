#!/usr/bin/env node
// The command `course`: TypeScript as it stands, no build in between. What is missing before it can begin is told here.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`course: expected node 20.19 or later, got ${process.version}: nodejs.org or your distribution has it`)
  process.exit(1)
}
try {
  const { register } = await import('tsx/esm/api')
  register()
  await import('../src/cli.ts')
} catch (error) {
  const [, name] = /^Cannot find package '(.+?)' imported/.exec(error.message) ?? []
  if (name === undefined) throw error
  console.error(`course: expected the package ${name}, found none: run npm install in the top folder of the course`)
  process.exitCode = 1
}
