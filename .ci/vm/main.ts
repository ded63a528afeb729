// npm run vm -- COMMAND…: runs a command in a machine of its own, with cgroup v2, in which nothing outside can be changed.
//
//   npm run vm -- cat /proc/version        a program and its arguments
//   npm run vm -- 'ls /sys | wc -l'        one word is a line for the shell
//   npm run vm -- --timeout 60 COMMAND…    seconds, 900 if not said; also --memory MiB, --cpus N
//   npm run vm                             a shell on the terminal
//
// Its exit code is the command's; 124 if the time was up, and 125 if there was no machine.
import { endOnSignals, machine, NoMachine, type Ends, type Job } from './machine.ts'
import type { Hardware } from './qemu.ts'

const OPTIONS = { '--timeout': 'timeout', '--memory': 'memory', '--cpus': 'processors' } as const
const [LATE, NONE] = [124, 125]
const TIMEOUT = 900

endOnSignals()
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof NoMachine)) throw error
  console.error(`vm: ${error.message}`)
  process.exitCode = NONE
}

async function main(words: readonly string[]): Promise<number> {
  const job = parse(words)
  const interactive = job.argv.length === 0
  if (interactive && !(process.stdin.isTTY && process.stdout.isTTY)) {
    throw new NoMachine('expected a command, or a terminal for a shell')
  }
  const ends: Ends = interactive ? { keys: process.stdin, screen: process.stdout } : { out: process.stdout, err: process.stderr }
  const { timeout = interactive ? undefined : TIMEOUT } = job
  const { code, late } = await machine({ ...job, timeout, argv: interactive ? ['bash'] : job.argv }, ends, {
    fetching: tell,
    booting: (version, hardware) => interactive ? tell(greeting(version, hardware)) : undefined,
    ready: (seconds) => tell(`Linux ready after ${seconds.toFixed(1)} s`),
  })
  if (late) {
    tell(`stopped after ${timeout} s; --timeout sets another limit`)
    return LATE
  }
  if (code === undefined) tell('switched off')
  return code ?? (interactive ? 0 : NONE)
}

function parse(words: readonly string[]): Job {
  const options: Record<string, number> = {}
  let at = 0
  for (; words[at]?.startsWith('--'); at += 2) {
    const word = words[at] as string
    if (word === '--') {
      at++
      break
    }
    const [name, value] = [OPTIONS[word as keyof typeof OPTIONS], Number(words[at + 1])]
    if (!name || !(value > 0)) {
      throw new NoMachine(`expected ${Object.keys(OPTIONS).join(', ')} with a number, got ${word} ${words[at + 1] ?? ''}`)
    }
    options[name] = value
  }
  const argv = words.slice(at)
  return { ...options, argv: argv.length === 1 ? ['sh', '-c', ...argv] : argv }
}

function greeting(version: string, { accelerator, memory, processors }: Hardware): string {
  const how = accelerator === 'kvm' ? 'under KVM' : 'emulated, so slow'
  const what = `a Linux ${version} to break (${processors} CPUs, ${memory} MiB, ${how})`
  return `${what}: outside, nothing changes; leave with exit, or Ctrl-]`
}

function tell(line: string): void {
  console.error(`vm: ${line}`)
}
