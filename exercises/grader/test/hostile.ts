// Answers that mean harm, or make the mistakes that look like it, and what they must get; to 02-uts/hostname, if they do
// not say which exercise.
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { ROOT } from '@pocker/grader'

const RIGHT = `import { CLONE_NEWUTS, sethostname } from '@pocker/syscalls'
const right = (name: string) => ({ name: 'hostname', flags: CLONE_NEWUTS, child: [sethostname(name)] })\n`

export interface Case {
  readonly what: string
  readonly answer: string
  readonly earned: number
  /** What one of the messages must say. */
  readonly says?: RegExp
  /** What one of them must have seen. */
  readonly seen?: string
  readonly seconds?: number
  readonly exercise?: string
}

/** @param expression in terms of `name` and of `right(name)`, the right answer */
export const returning = (expression: string): string =>
  `${RIGHT}export const hostname = (name: string): any => (${expression})`
/** A step too many, before the right one. */
const withSteps = (...steps: string[]): string =>
  returning(`{ ...right(name), child: [${steps.join(', ')}, sethostname(name)] }`)

/** An answer to 06-user/mapped that wants something done beside the container, and gets no point for it. */
function mapping(what: string, says: string, work: string, more = 'before: []'): Case[] {
  const answer = `export const mapped = (): any => ({ name: 'x', flags: 0x10000000n, beside: [${work}], ${more} })`
  return [{ what, answer, earned: 0, says: new RegExp(says.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')), exercise: '06-user/mapped' }]
}

/** An answer to 16-registry/pushed, whose answers are any JSON. */
const requesting = (what: string, expression: string, says: RegExp, before = ''): Case => ({
  what: `gives requests and ${what}`, answer: `${before}\nexport const pushed = (image: any): any => (${expression})`, earned: 0, says,
  exercise: '16-registry/pushed',
})
const PUSHED = readFileSync(join(ROOT, 'solutions/16-registry/pushed.ts'), 'utf8')
const NO_JSON = /^pushed\(\) returned no JSON$/

const VALUES: readonly Case[] = [
  requesting('returns nothing', 'undefined', NO_JSON),
  requesting('returns a function', 'pushed', NO_JSON),
  requesting('returns a BigInt', '[1n]', NO_JSON),
  requesting('returns a cycle', '((list: any[]) => (list.push(list), list))([])', NO_JSON),
  requesting('has a function in it', "[{ method: 'POST', path: () => '/v2/' }]", NO_JSON),
  requesting('has no number in it', '[{ size: NaN }]', NO_JSON),
  requesting('has a hole in it', '[undefined]', NO_JSON),
  requesting('returns a promise', 'Promise.resolve([])', NO_JSON),
  requesting('has a map in it', '[{ headers: new Map() }]', NO_JSON),
  requesting('has a getter that throws', "[{ get method() { throw new Error('mine\\nand more') } }]", NO_JSON),
  requesting('has a getter that throws nothing', '[{ get method() { throw undefined } }]', /^pushed\(\) threw TypeError: /),
  requesting('has a toJSON of its own', "{ toJSON: () => [{ method: 'PUT' }] }", /request 1: expected a path/),
  requesting('returns 100 MB', "'x'.repeat(100 * 1024 * 1024)", NO_JSON),
  requesting('is too deep to be written', '(() => { let a: any = []; for (let i = 0; i < 1e6; i++) a = [a]; return a })()', NO_JSON),
  requesting('is too deep to be read', '(() => { let a: any = []; for (let i = 0; i < 500; i++) a = [a]; return a })()', /at most 16 lists and objects/),
  requesting('has a prototype in it', `JSON.parse('[{"__proto__": {"method": "PUT"}}]')`, /expected names of its own, got __proto__/),
  requesting('pollutes prototypes', '[{}]', /expected a method of HEAD, .*, got nothing/,
    "for (const name of ['value', 'method', 'error']) (Object.prototype as any)[name] = 'PUT'"),
  requesting('returns a number', '42', /expected a list of requests, got 42/),
  requesting('has far too many', "Array(1000).fill({ method: 'GET', path: '/v2/' })", /expected at most 64 requests, got 1000/),
  requesting('goes to another host', "[{ method: 'GET', path: '//example.com/v2/' }]", /a path that begins with \/v2\//),
  requesting('goes up', "[{ method: 'GET', path: '/v2/../etc' }]", /a path that begins with \/v2\//),
  requesting('splits a header', "[{ method: 'GET', path: '/v2/', headers: { a: 'b\\r\\nHost: example.com' } }]", /short texts of printable characters/),
  requesting('pushes nonsense for a manifest', "[{ method: 'PUT', path: `/v2/${image.repository}/manifests/${image.tag}`, body: { text: '{' } }]", /MANIFEST_INVALID: expected a config and layers/),
  requesting('forges an isolation', '1', NO_JSON, `JSON.stringify = () => '{"isolation": {"name": "x"}}'`),
  requesting('forges an endless depth', '1', /at most 16 lists and objects/, `JSON.stringify = () => '{"value":' + '['.repeat(1e5) + ']'.repeat(1e5) + '}'`),
  requesting('forges what is too long', '1', /expected at most 524288 characters, got 6/, `JSON.stringify = () => '{"value":"' + 'x'.repeat(600000) + '"}'`),
  { what: 'prints before it gives requests', answer: `console.log('{"value": []}\\n'.repeat(10))\n${PUSHED}`, earned: 9, exercise: '16-registry/pushed' },
  { what: 'gives a value where an isolation is asked for', answer: `JSON.stringify = () => '{"value": {"name": "x"}}'\nexport const hostname = () => 1`, earned: 0, says: /^hostname\(\) returned no isolation$/ },
]

/** What a beginner gets wrong: no point for it, and a sentence that says what it is. */
const slip = (what: string, answer: string, seen: RegExp | string): Case => ({
  what, answer, earned: 0, ...(typeof seen === 'string' ? { seen } : { says: seen }),
})
const SLIPS: readonly Case[] = [
  slip('is async', `${RIGHT}export const hostname = async (name: string) => right(name)`, 'a promise: is the function async?'),
  slip('is the default export', `${RIGHT}export default right`, /^the file exports no function hostname$/),
  slip('has another name', `${RIGHT}export const hostnam = right`, 'exports: hostnam'),
  slip('mistypes child', returning('({ ...right(name), child: undefined, childs: right(name).child })'), 'a field childs: is child meant?'),
  slip('mistypes flags', returning('{ name, flag: 0x4000000n, child: [] }'), 'a field flag: is flags meant?'),
  slip('names a flag in quotes', returning("{ ...right(name), flags: 'CLONE_NEWUTS' }"), 'flags that are no whole number: "CLONE_NEWUTS"'),
  slip('has one step and no list', returning('{ ...right(name), child: right(name).child[0] }'), /^hostname\(\) returned no isolation$/),
  slip('mistypes a call', returning("{ ...right(name), child: [{ call: 'sethostnam', args: [name, 3] }] }"), 'a child[0] whose call is none that is known here: "sethostnam"'),
  slip('has args that are no list', returning("{ ...right(name), child: [{ call: 'chdir', args: '/' }] }"), 'a child[0] whose args are no list: "/"'),
  slip('has a hole in its list', returning('{ ...right(name), child: [undefined] }'), 'a child[0] that is no call: undefined'),
  slip('makes the call itself', "import { libc } from '@pocker/syscalls'\nexport const hostname = (name: string): any => libc.sethostname(name, 3)", /^hostname\(\) made a system call: /),
]

export const CASES: readonly Case[] = [
  ...VALUES, ...SLIPS,
  {
    what: 'never returns', earned: 0, seconds: 0.7, says: /did not return within 0.7 s/,
    answer: 'export const hostname = () => { for (;;); }',
  },
  {
    what: 'never finishes loading', earned: 0, seconds: 0.7, says: /did not return/,
    answer: 'await new Promise(() => setInterval(() => {}, 1000)); export const hostname = 1',
  },
  { what: 'leaves a timer', answer: `${RIGHT}setInterval(() => {}, 1000); export const hostname = right`, earned: 4 },
  {
    what: 'ends node at once', earned: 0, says: /ended node before hostname\(\) returned/,
    answer: 'process.exit(0)\nexport const hostname = 1',
  },
  {
    what: 'ends node when called', earned: 0, says: /ended node/,
    answer: 'export const hostname = () => process.exit(0)',
  },
  { what: 'kills node', answer: 'export const hostname = () => process.abort()', earned: 0, says: /ended node/ },
  {
    what: 'prints 1', earned: 0, says: /returned no isolation/,
    answer: 'console.log(1); export const hostname = () => 1',
  },
  {
    what: 'prints beforehand', earned: 4,
    answer: `${RIGHT}console.log('{"isolation": 1}\\n'.repeat(10)); export const hostname = right`,
  },
  {
    what: 'prints full points', earned: 0, says: /ended node/,
    answer: 'console.log(\'{"points":4,"earned":4,"verdict":"pass"}\'); process.exit(0)\nexport const hostname = 1',
  },
  {
    what: 'prints without end', earned: 0, says: /printed more than 1048576 bytes/,
    answer: 'for (;;) await new Promise<void>((go) => process.stdout.write("x".repeat(65536), () => go()))',
  },
  {
    what: 'prints faster than anybody reads', earned: 0, says: /takes all memory/,
    answer: 'for (;;) process.stdout.write("x".repeat(65536))\nexport const hostname = 1',
  },
  {
    what: 'forges the line', earned: 0, says: /returned no isolation/,
    answer: 'JSON.stringify = () => "{\\"verdict\\":\\"pass\\"}"\nexport const hostname = () => 1',
  },
  {
    what: 'forges a broken line', earned: 0, says: /wrote over the grader's line/,
    answer: 'JSON.stringify = () => "{"\nexport const hostname = () => 1',
  },
  {
    what: 'forges null', earned: 0, says: /wrote over the grader's line/,
    answer: 'JSON.stringify = () => "null"\nexport const hostname = () => 1',
  },
  {
    what: 'throws', earned: 0, says: /^hostname\(\) threw TypeError: no idea$/,
    answer: 'export const hostname = () => { throw new TypeError("no idea") }',
  },
  {
    what: 'throws no error', earned: 0, says: /hostname\(\) threw thrown: 42/,
    answer: 'export const hostname = () => { throw 42 }',
  },
  {
    what: 'throws at loading', earned: 0, says: /threw Error: early/,
    answer: 'throw new Error("early")\nexport const hostname = 1',
  },
  { what: 'has no such function', answer: 'export const hostname = 1', earned: 0, says: /the file exports no function hostname/ },
  {
    what: 'does not compile', earned: 0, says: /^hostname\.ts:1: Unexpected end of file/,
    answer: 'export const hostname = (',
  },
  {
    what: 'takes all memory', earned: 0, says: /takes all memory|allocation failed/,
    answer: 'const a: unknown[] = []\nexport const hostname = () => { for (;;) a.push(Buffer.alloc(1 << 26, 1)) }',
  },
  {
    what: 'starts a process', earned: 0, says: /restricted/,
    answer: `${RIGHT}process.getBuiltinModule('node:child_process').spawnSync('true'); export const hostname = right`,
  },
  {
    what: 'reads a file', earned: 0, says: /restricted/,
    answer: `${RIGHT}process.getBuiltinModule('node:fs').readFileSync('/etc/passwd'); export const hostname = right`,
  },
  ...mapping('wants a file of the machine written', 'got write("/tmp/pocker-forged", "x")',
    "{ path: '/tmp/pocker-forged', data: 'x' }"),
  ...mapping('wants a map of another process written', 'got write("/proc/1/uid_map", "0 0 1")',
    "{ path: '/proc/1/uid_map', data: '0 0 1' }"),
  ...mapping('goes up from the path of a map', 'got write("/proc/{pid}/../self/uid_map"',
    "{ path: '/proc/{pid}/../self/uid_map', data: '0 0 1' }"),
  ...mapping('goes through the root of the container', 'got write("/proc/{pid}/root/tmp/uid_map"',
    "{ path: '/proc/{pid}/root/tmp/uid_map', data: '0 0 1' }"),
  ...mapping('hides a path behind a NUL', 'got write("/proc/{pid}/uid_map\\u0000',
    "{ path: '/proc/{pid}/uid_map\\0/tmp/pocker-forged', data: '0 0 1' }"),
  ...mapping('wants a program run', 'got touch /tmp/pocker-forged', "{ run: ['touch', '/tmp/pocker-forged'] }"),
  ...mapping('hides a program behind a map', 'got touch /tmp/pocker-forged',
    "{ path: '/proc/{pid}/uid_map', data: '0 0 1', run: ['touch', '/tmp/pocker-forged'] }"),
  ...mapping('writes a number for a map', 'returned no isolation', "{ path: '/proc/{pid}/uid_map', data: 7 }"),
  ...mapping('writes a map with a NUL in it', 'returned no isolation', "{ path: '/proc/{pid}/uid_map', data: '0\\0' }"),
  ...mapping('maps every user of the machine', '"0 0 4294967295"): EPERM',
    "{ path: '/proc/{pid}/uid_map', data: '0 0 4294967295' }"),
  ...mapping('maps ids that the sandbox does not have', '"0 65536 1"): EPERM',
    "{ path: '/proc/{pid}/uid_map', data: '0 65536 1' }"),
  ...mapping('maps the sandbox\'s root', 'got 0 0 1', "{ path: '/proc/{pid}/uid_map', data: '0 0 1' }"),
  ...mapping('puts a directory in the place of /proc', '"0 0 1"): ENOENT', "{ path: '/proc/{pid}/uid_map', data: '0 0 1' }",
    "before: [{ call: 'mount', args: ['/tmp', '/proc', null, 4096, null] }]"),
  {
    what: 'fills its network with devices', earned: 0, says: /^the container has too many network devices to look at$/,
    answer: `import { CLONE_NEWNET, CLONE_NEWUTS, netlinkSocket, send, sethostname } from '@pocker/syscalls'
      const veth = Buffer.from('2c000000100005060000000000000000' + '0'.repeat(32) + '0c0012000800010076657468', 'hex')
      const many = Array.from(Array(400), () => send({ resultOf: 'socket' }, veth))
      export const hostname = (name: string) => ({ name, flags: CLONE_NEWNET | CLONE_NEWUTS,
        child: [sethostname(name), { ...netlinkSocket(), as: 'socket' }, ...many] })`,
  },
  { what: 'returns nothing', answer: returning('undefined'), earned: 0, says: /returned no isolation/ },
  { what: 'returns a number', answer: returning('42'), earned: 0, says: /returned no isolation/ },
  {
    what: 'returns a promise', earned: 0,
    answer: `${RIGHT}export const hostname = async (name: string) => right(name)`,
  },
  { what: 'returns a list', answer: returning('[right(name)]'), earned: 0, says: /returned no isolation/ },
  { what: 'returns an empty object', answer: returning('{}'), earned: 0, says: /CLONE_NEWUTS is missing/ },
  {
    what: 'returns itself in itself', earned: 0, says: /returned no isolation/,
    answer: `const step: any = { call: 'chdir', args: ['/'] }
      step.onZero = [step]
      export const hostname = () => ({ name: 'x', child: [step] })`,
  },
  {
    what: 'returns an unknown system call', earned: 0, says: /returned no isolation/,
    answer: returning("{ name, flags: 0n, child: [{ call: 'reboot', args: [] }] }"),
  },
  {
    what: 'returns too few arguments', earned: 0, says: /sethostname: expected 2 arguments \(name, len\), got 1/,
    answer: returning("{ name, child: [{ call: 'sethostname', args: [name] }] }"),
  },
  {
    what: 'returns an argument of a wrong type', earned: 0, says: /sethostname: name: expected text, got 7/,
    answer: returning("{ name, child: [{ call: 'sethostname', args: [7, 1] }] }"),
  },
  {
    what: 'asks for the name of a method', earned: 0, says: /returned no isolation/,
    answer: returning("{ name, child: [{ call: 'toString', args: [] }] }"),
  },
  {
    what: 'pollutes prototypes', earned: 0,
    answer: `Object.defineProperty(Object.prototype, 'flags', { value: 0n })
      export const hostname = () => JSON.parse('{"__proto__": {"points": 9}, "name": "x", "child": []}')`,
  },
  {
    what: 'wants a file written by the grader', earned: 0, says: /got cgroup, needs or beside/,
    answer: returning("{ ...right(name), beside: [{ path: '/tmp/pocker-forged', data: 'x' }] }"),
  },
  {
    what: 'wants a call made by the grader', earned: 0, says: /got cgroup, needs or beside/,
    answer: returning("{ ...right(name), needs: [{ name, make: [sethostname(name)], undo: [] }] }"),
  },
  {
    what: 'wants to be born in a group', earned: 0, says: /got cgroup, needs or beside/,
    answer: returning("{ ...right(name), cgroup: '/sys/fs/cgroup' }"),
  },
  {
    what: 'shares memory by a flag', earned: 0, says: /expected CLONE_NEW… flags, got CLONE_VM/,
    answer: returning('{ ...right(name), flags: CLONE_NEWUTS | 0x100n }'),
  },
  {
    what: 'asks for a huge buffer', earned: 0, says: /expected at most 1048576 bytes in all/,
    answer: returning("{ ...right(name), child: [{ call: 'read', args: [0, { out: 1e12 }, 1] }] }"),
  },
  {
    what: 'asks for a negative buffer', earned: 0, says: /expected a size in bytes, got -4096/,
    answer: returning("{ ...right(name), child: [{ call: 'read', args: [0, { out: -4096 }, 1] }] }"),
  },
  {
    what: 'waits for ever in a step', earned: 0, seconds: 1, says: /did not reach its program within 1 s/,
    answer: returning("{ ...right(name), child: [sethostname(name), { call: 'read', args: [0, { out: 1 }, 1] }] }"),
  },
  {
    what: 'ends itself', earned: 0, says: /ended before its program ran/,
    answer: returning("{ ...right(name), child: [sethostname(name), { call: 'exit_group', args: [0] }] }"),
  },
  {
    what: 'writes to every descriptor', earned: 4,
    answer: withSteps(
      "...Array.from(Array(60), (_, fd) => ({ call: 'write', args: [fd, 'forged\\n', 7], mayFail: true }))"),
  },
  {
    what: 'has a step that fails', earned: 0, says: /a step failed: chdir\("\/nowhere"\): ENOENT/,
    answer: returning("{ ...right(name), child: [{ call: 'chdir', args: ['/nowhere'] }] }"),
  },
  {
    what: 'unmounts and hides what it can', earned: 4,
    answer: withSteps(
      "{ call: 'umount2', args: ['/', 2], mayFail: true }",
      "{ call: 'mount', args: ['tmpfs', '/tmp', 'tmpfs', 0, null], mayFail: true }"),
  },
  {
    what: 'imports a module of node', earned: 0, says: /^an answer may not import node:fs: /,
    answer: `import 'node:fs'\n${RIGHT}export const hostname = right`,
  },
  {
    what: 'imports the grader', earned: 0, says: /^an answer may not import @pocker\/grader: /,
    answer: `import '@pocker/grader'\n${RIGHT}export const hostname = right`,
  },
  {
    what: 'imports the solution', earned: 0, says: /^an answer may not import \//,
    answer: `export * from '${join(ROOT, 'solutions/02-uts/hostname.ts')}'`,
  },
  {
    what: 'imports the solution by a relative path', earned: 0, says: /may not import \.\.\/.*: only files beside it/,
    answer: `export * from '../${relative(tmpdir(), join(ROOT, 'solutions'))}/02-uts/hostname.ts'`,
  },
  {
    what: 'imports a file of its own chapter', earned: 0, says: /an answer may not import @pocker\/uts\/src/,
    answer: `export { uts as hostname } from '@pocker/uts/src/uts.ts'`,
  },
  {
    what: 'imports a file elsewhere', earned: 0,
    answer: `import '../../etc/passwd.json'\nimport '../../proc/self/status'\n${RIGHT}export const hostname = right`,
  },
  {
    what: 'imports node:buffer and an earlier chapter', earned: 4,
    answer: `import { Buffer } from 'node:buffer'
      import { chroot } from '@pocker/chroot'
      ${RIGHT}export const hostname = (name: string) => (Buffer.from(String(chroot)), right(name))`,
  },
]
