// Profiles as they come: OCI's and Docker's, right and wrong.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatJson, parseJson, parseProfile, parseSeccomp, unknownSyscalls, type Host } from '@pocker/privileges'

const HOST: Host = { machine: 'x64', capabilities: ['CAP_CHOWN'], kernel: '6.1.0-18-amd64' }
const ALLOW = 'SCMP_ACT_ALLOW'
const rule = (rest: object): object => ({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['read'], action: ALLOW, ...rest }] })
const arg = (rest: object): object => rule({ args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ', ...rest }] })
const docker = (rest: object, host: Partial<Host> = {}) => parseProfile(rule(rest), { ...HOST, ...host })

test('numbers of 64 bits are exact, and only those that need it become bigints', () => {
  const text = '{"value":18446744073709551615,"list":[9007199254740993,4294967295],"name":"12345678901234567890 \\" 9007199254740993"}'
  const data = parseJson('profile', text)
  assert.equal(data, { value: 2n ** 64n - 1n, list: [2n ** 53n + 1n, 4294967295], name: '12345678901234567890 " 9007199254740993' })
  assert.is(formatJson(data), text)
})

test('what is right is taken as it is', () => {
  const data = {
    defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 38, architectures: ['SCMP_ARCH_X86_64'], flags: ['SECCOMP_FILTER_FLAG_LOG'],
    syscalls: [{ names: ['socket'], action: 'SCMP_ACT_TRACE', errnoRet: 65535, args: [{ index: 5, value: 1, valueTwo: 2n ** 64n - 1n, op: 'SCMP_CMP_MASKED_EQ' }] }],
  }
  assert.equal(parseSeccomp(data), data)
})

const ACTIONS = 'one of SCMP_ACT_KILL, SCMP_ACT_KILL_THREAD, SCMP_ACT_KILL_PROCESS, SCMP_ACT_TRAP, SCMP_ACT_ERRNO, SCMP_ACT_TRACE, SCMP_ACT_LOG, SCMP_ACT_ALLOW'
const U64 = 'an unsigned 64-bit integer'
const WRONG: readonly (readonly [data: unknown, message: string])[] = [
  [[], 'seccomp: expected an object, got []'],
  [{}, `defaultAction: expected ${ACTIONS}, got nothing`],
  [{ defaultAction: 'ALLOW' }, `defaultAction: expected ${ACTIONS}, got "ALLOW"`],
  [{ defaultAction: 'SCMP_ACT_NOTIFY' }, 'defaultAction: expected an action that the kernel takes alone, got SCMP_ACT_NOTIFY, which asks a listener'],
  [rule({ action: 'SCMP_ACT_NOTIFY' }), 'syscalls[0].action: expected an action that the kernel takes alone, got SCMP_ACT_NOTIFY, which asks a listener'],
  [rule({ action: 'toString' }), `syscalls[0].action: expected ${ACTIONS}, got "toString"`],
  [rule({ errnoRet: 1 }), 'syscalls[0].errnoRet: expected none with SCMP_ACT_ALLOW, got 1'],
  [rule({ action: 'SCMP_ACT_ERRNO', errnoRet: 4096 }), 'syscalls[0].errnoRet: expected a whole number from 0 to 4095, got 4096'],
  [{ ...rule({}), defaultErrnoRet: -1 }, 'defaultErrnoRet: expected a whole number from 0 to 4095, got -1'],
  [{ defaultAction: 'SCMP_ACT_TRACE', defaultErrnoRet: 65536 }, 'defaultErrnoRet: expected a whole number from 0 to 65535, got 65536'],
  [{ ...rule({}), architectures: ['amd64'] }, /^architectures\[0\]: expected one of SCMP_ARCH_X86, .*, got "amd64"$/.source],
  [{ ...rule({}), flags: ['LOG'] }, /^flags\[0\]: expected one of SECCOMP_FILTER_FLAG_TSYNC, .*, got "LOG"$/.source],
  [{ ...rule({}), syscalls: {} }, 'syscalls: expected a list, got {}'],
  [rule({ names: 'read' }), 'syscalls[0].names: expected a list, got "read"'],
  [rule({ names: [] }), 'syscalls[0].names: expected names of system calls, got '],
  [rule({ names: [1] }), 'syscalls[0].names[0]: expected text, got 1'],
  [arg({ op: '==' }), 'syscalls[0].args[0].op: expected one of SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE, SCMP_CMP_EQ, SCMP_CMP_GE, SCMP_CMP_GT, SCMP_CMP_MASKED_EQ, got "=="'],
  [arg({ index: 6 }), 'syscalls[0].args[0].index: expected a whole number from 0 to 5, got 6'],
  [arg({ index: -1 }), 'syscalls[0].args[0].index: expected a whole number from 0 to 5, got -1'],
  [arg({ value: -1 }), `syscalls[0].args[0].value: expected ${U64}, got -1`],
  [arg({ value: 1.5 }), `syscalls[0].args[0].value: expected ${U64}, got 1.5`],
  [arg({ value: '1' }), `syscalls[0].args[0].value: expected ${U64}, got "1"`],
  [arg({ value: 2n ** 64n }), `syscalls[0].args[0].value: expected ${U64}, got 18446744073709551616`],
  [arg({ value: undefined }), `syscalls[0].args[0].value: expected ${U64}, got nothing`],
  [arg({ valueTwo: 2 ** 53 }), `syscalls[0].args[0].valueTwo: expected ${U64}, got 9007199254740992`],
]
const matches = (message: string, text: string): boolean => (text.startsWith('^') ? new RegExp(text).test(message) : message.startsWith(text))

test('what is wrong is refused in one line that names the field, by both formats', () => {
  for (const [data, text] of WRONG) {
    for (const parse of [parseSeccomp, (data: unknown) => parseProfile(data, HOST)]) {
      assert.throws(() => parse(data), (error: Error) => {
        assert.is(error.name, 'SpecError', error.stack)
        assert.ok(matches(error.message, text), `${error.message}\n${text}`)
        return !error.message.includes('\n')
      })
    }
  }
})

test('text that is no JSON is refused in one line', () => {
  assert.throws(() => parseJson('profile', '{\n"a"'), /^profile: expected JSON, got "\{\\n\\"a\\""$/)
  assert.throws(() => parseJson('profile', 'x'.repeat(1000)), (error: Error) => error.message.length < 200)
})

const CONDITIONS: readonly (readonly [filters: object, host: Partial<Host>, holds: boolean])[] = [
  [{}, {}, true],
  [{ includes: { caps: ['CAP_CHOWN'] } }, {}, true],
  [{ includes: { caps: ['CAP_CHOWN', 'CAP_KILL'] } }, {}, false],
  [{ excludes: { caps: ['CAP_KILL', 'CAP_CHOWN'] } }, {}, false],
  [{ excludes: { caps: ['CAP_KILL'] } }, {}, true],
  [{ includes: { arches: ['amd64', 'x86'] } }, {}, true],
  [{ includes: { arches: ['amd64'] } }, { machine: 'arm64' }, false],
  [{ excludes: { arches: ['arm64'] } }, { machine: 'arm64' }, false],
  [{ includes: { minKernel: '4.8' } }, {}, true],
  [{ includes: { minKernel: '4.8' } }, { kernel: '4.10.1' }, true],
  [{ includes: { minKernel: '4.10' } }, { kernel: '4.8.17' }, false],
  [{ includes: { minKernel: '6.1' } }, {}, true],
  [{ includes: { minKernel: '6.2' } }, {}, false],
  [{ excludes: { minKernel: '4.8' } }, {}, false],
  [{ includes: null, excludes: {} }, {}, true],
]

test('a rule of Docker\'s holds for the capabilities, machines and kernels that it names', () => {
  for (const [filters, host, holds] of CONDITIONS) {
    assert.is(docker(filters, host).syscalls?.length, holds ? 1 : 0, JSON.stringify([filters, host]))
  }
})

test('what comes out of Docker\'s format is OCI\'s, and mentions no condition', () => {
  const profile = parseProfile({
    defaultAction: ALLOW, archMap: [
      { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
      { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    ],
    syscalls: [{ name: 'read', action: 'SCMP_ACT_ERRNO', errnoRet: null, comment: 'the older form', includes: { minKernel: '4.8' } }],
  }, HOST)
  assert.equal(profile, {
    defaultAction: ALLOW, architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    syscalls: [{ names: ['read'], action: 'SCMP_ACT_ERRNO', args: [] }],
  })
  assert.equal(parseSeccomp(profile), profile)
})

test('Docker\'s format has one of name and names, and one of architectures and archMap', () => {
  assert.throws(() => docker({ name: 'read' }), /^syscalls\[0\]: expected name or names, got both$/)
  const both = { ...rule({}), architectures: ['SCMP_ARCH_X86'], archMap: [{ architecture: 'SCMP_ARCH_X86_64' }] }
  assert.throws(() => parseProfile(both, HOST), /^seccomp: expected architectures or archMap, got both$/)
  assert.throws(() => docker({ includes: { minKernel: '4' } }), /^syscalls\[0\]\.includes\.minKernel: expected a version such as "4.8", got "4"$/)
})

test('a mistake in a rule that does not hold here is a mistake all the same', () => {
  assert.throws(() => docker({ action: 'x', includes: { caps: ['CAP_KILL'] } }), /^syscalls\[0\]\.action: /)
})

test('names that mean nothing on a machine are told, once each', () => {
  const profile = parseSeccomp(rule({ names: ['read', 'chown32', 'fork', 'chown32'] }))
  assert.equal(unknownSyscalls(profile, 'x64'), ['chown32'])
  assert.equal(unknownSyscalls(profile, 'arm64'), ['chown32', 'fork'])
})

test('flags that are null are not said, as Go writes them, and so the default holds', () => {
  assert.is(parseSeccomp({ defaultAction: 'SCMP_ACT_ALLOW', flags: null }).flags, undefined)
  assert.equal(parseSeccomp({ defaultAction: 'SCMP_ACT_ALLOW', flags: [] }).flags, [])
})

test.run()
