// The visible checks of hostname.ts. They judge what the kernel says, not what the answer prints.
import { check, Failure, same, type Exercise } from '@pocker/grader'

const name = check({
  id: 'name',
  title: 'the container has the name that it was given',
  points: 1,
  hint: 'which constructor of @pocker/syscalls sets the host name, and which list of the isolation does the child run?',
}, async ({ compute, run, token }) => {
  const wanted = `Box-${token()}`
  const { nodename } = await run(await compute(wanted))
  same(nodename, wanted, `expected the host name ${wanted}, got ${nodename}`)
})

const namespace = check({
  id: 'namespace',
  title: 'the name is set in a UTS namespace of its own, and the machine keeps its own name',
  points: 2,
  hint: 'a name belongs to a UTS namespace: the container must be in a new one before its first step runs',
}, async ({ compute, run, token }) => {
  const { namespaces, sandbox } = await run(await compute(token()))
  const shared = namespaces['uts'] === sandbox.namespaces['uts']
  const renamed = sandbox.now.nodename !== sandbox.before.nodename
  const difference = { expected: `a machine called ${sandbox.before.nodename}`, seen: sandbox.now.nodename }
  if (shared && renamed) {
    throw new Failure('CLONE_NEWUTS is missing: sethostname would have renamed the machine', difference)
  }
  if (shared) throw new Failure('CLONE_NEWUTS is missing: the container shares the names of the machine')
  if (renamed) throw new Failure('sethostname came before the namespace: it would have renamed the machine', difference)
})

export const exercise: Exercise = {
  id: '02-uts/hostname', title: 'A name of its own', points: 4, checks: [name, namespace],
}
