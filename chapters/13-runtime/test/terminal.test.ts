// A terminal: its master goes over a socket to whoever asked, its other end is the program's.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testIf } from '@pocker/testing'
import { begin, until, type Oci, type Result } from './oci.ts'
import { existsSync } from 'node:fs'

let oci: Oci
test.before.each(async () => { oci = await begin() })
test.after.each(() => oci.end())

/** Python can receive descriptors, and node cannot: the message, how many there were, and then all that the master says. */
const PYTHON = '/usr/bin/python3'
const RECEIVE = `
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(1)
connection, _ = listener.accept()
message, fds, _, _ = socket.recv_fds(connection, 4096, 4)
print(message.decode(), len(fds), flush=True)
typed = sys.argv[2].encode()
try:
    while data := os.read(fds[0], 4096):
        os.write(1, data)
        os.write(fds[0], typed) # once it has said something, it is there to read
        typed = b''
except OSError: pass
`
const can = process.geteuid?.() === 0 && existsSync(PYTHON)
const terminalTest = (name: string, body: () => Promise<void> | void): void =>
  testIf(can, 'needs root and python3', test, name, body)

/** @param typed what is typed at the terminal, once the program has said something @returns the socket, and what was received in the end */
async function receiver(typed = ''): Promise<{ socket: string; received: Promise<string> }> {
  const socket = join(oci.dir, `console-${process.hrtime.bigint()}`)
  const child = spawn(PYTHON, ['-c', RECEIVE, socket, typed], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
  const received = once(child, 'close').then(() => text.replaceAll('\r', ''))
  await until('it listens', () => existsSync(socket))
  return { socket, received }
}

const refuses = (line: string): Result => ({ code: 1, signal: null, stdout: '', stderr: `pocker oci: ${line}\n` })
const withTerminal = (script: string, consoleSize?: { height: number; width: number }) =>
  ({ process: { terminal: true, args: ['sh', '-c', script], ...(consoleSize && { consoleSize }) } })
const LOOK = 'tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo all; ls -l /proc/self/fd 2>/dev/null | grep -c ptmx; read line; echo "<$line>"'

terminalTest('create: the program has a terminal of its own, of the size that was asked for, and the master arrives', async () => {
  const id = oci.bundle(withTerminal(LOOK, { height: 33, width: 111 }))
  const { socket, received } = await receiver('typed\n')
  oci.create(id, '--console-socket', socket)
  oci.must('start', id)
  const [message, ...lines] = (await received).trimEnd().split('\n')
  assert.is(message, '/dev/ptmx 1')
  assert.equal(lines.filter((line) => line !== 'typed'), ['/dev/pts/0', '33 111', 'all', '0', '<typed>']) // typed: the echo
})

terminalTest('/dev/console is that terminal, and the user\'s own', async () => {
  const id = oci.bundle({
    process: { ...withTerminal('echo to-the-console > /dev/console; stat -c %u:%F /dev/console').process, user: { uid: 1000, gid: 1000 } },
  })
  const { socket, received } = await receiver()
  oci.create(id, '--console-socket', socket)
  oci.must('start', id)
  assert.is(await received, '/dev/ptmx 1\nto-the-console\n1000:character special file\n')
})

terminalTest('exec: a further one, beside the first; and Ctrl-C goes to the program', async () => {
  const id = oci.started()
  const { socket, received } = await receiver('typed\n')
  const script = LOOK.replace('stty size; ', '')
  assert.is(oci.must('exec', '--tty', '--detach', '--console-socket', socket, id, 'sh', '-c', script), '')
  const lines = (await received).trimEnd().split('\n')
  assert.equal(lines.filter((line) => line !== 'typed'), ['/dev/ptmx 1', '/dev/pts/0', 'all', '0', '<typed>'])
  const second = await receiver('\x03')
  const trap = 'trap "echo interrupted; exit 0" INT; echo ready; while :; do sleep 0.01; done'
  oci.must('exec', '-t', '-d', '--console-socket', second.socket, id, 'sh', '-c', trap)
  assert.match(await second.received, /^\/dev\/ptmx 1\nready\n(\^C\n?)?interrupted\n$/)
})

terminalTest('without a socket to send it to, with one that nobody wants, or one where nobody listens, it is refused', async () => {
  const wanted = oci.bundle(withTerminal('tty'))
  const nobody = join(oci.dir, 'nobody')
  const create = (id: string, ...flags: string[]): Result => oci.call('create', '--bundle', oci.dirOf(id), ...flags, id)
  assert.equal(create(wanted), refuses(
    '--console-socket: expected a socket to send the terminal to, as process.terminal is set, got none',
  ))
  assert.equal(create(oci.bundle(), '--console-socket', nobody), refuses(
    '--console-socket: expected none, as process.terminal is not set',
  ))
  assert.match(create(wanted, '--console-socket', nobody).stderr, /^pocker oci: connect\(.*\): ENOENT[^\n]*\n$/)
  assert.match(create(wanted, '--console-socket', `/${'x'.repeat(200)}`).stderr, /expected a path of at most 107 bytes, got 201/)
  const id = oci.started()
  assert.equal(oci.call('exec', '--tty', '--detach', id, 'tty'), refuses(
    '--console-socket: expected a socket to send the terminal to, as a terminal is asked for, got none',
  ))
  assert.equal(oci.groups(), [id])
})

test.run()
