// The visible checks of names.ts.
import { check, Failure, same, type Exercise } from '@pocker/grader'

const hostname = check({
  id: 'hostname',
  title: 'a host name is set, every character of it',
  points: 1,
  hint: 'the spec\'s hostname goes to sethostname as it is: dots are allowed in it',
}, async ({ compute, run, token }) => {
  const wanted = `${token()}.example`
  const { nodename } = await run(await compute({ hostname: wanted }))
  same(nodename, wanted, `expected the host name ${wanted}, got ${nodename}`)
})

const domainname = check({
  id: 'domainname',
  title: 'a domain name is set, with a host name and without one',
  points: 1,
  hint: 'two names, two steps: the one must not depend on the other',
}, async ({ compute, run, token }) => {
  for (const others of [{ hostname: token() }, {}]) {
    const wanted = token()
    const { domainname: seen } = await run(await compute({ ...others, domainname: wanted }))
    same(seen, wanted, `expected the domain name ${wanted}, got ${seen}`)
  }
})

const namespace = check({
  id: 'namespace',
  title: 'the container has a UTS namespace of its own, even without any name',
  points: 1,
  hint: 'the flag is there always; only the steps depend on the spec',
}, async ({ compute, run, token }) => {
  const both = await run(await compute({ hostname: token(), domainname: token() }))
  const { before, now } = both.sandbox
  if (now.nodename !== before.nodename || now.domainname !== before.domainname) {
    throw new Failure('CLONE_NEWUTS is missing: the names would have become the machine\'s', {
      expected: `${before.nodename} ${before.domainname}`, seen: `${now.nodename} ${now.domainname}`,
    })
  }
  const none = await run(await compute({}))
  if (none.namespaces['uts'] === none.sandbox.namespaces['uts']) {
    throw new Failure('CLONE_NEWUTS is missing without a name: the container could still see the machine being renamed')
  }
})

export const exercise: Exercise = {
  id: '02-uts/names', title: 'Both names, or one, or none', points: 6, checks: [hostname, domainname, namespace],
}
