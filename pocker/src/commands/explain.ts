// pocker explain: the plan of a container, printed and not run. It needs no root, and makes nothing.
import { explain, toJson } from '@pocker/syscalls'
import type { Command } from 'commander'
import { chooseUsers, container, ownerOf } from '../container.ts'
import { containerCommand, type Options } from '../flags.ts'
import { look } from '../image.ts'
import { NOBODY } from '../limits.ts'

export function addExplain(program: Command): void {
  const verb = containerCommand('run').summary('the plan of `pocker run`').option('--json', 'as data')
  verb.action(async (name: string, words: string[], options: Options & { json?: true }) => {
    const image = await look(name, ownerOf(chooseUsers(options).spec))
    const { plan } = container(image, words, options, NOBODY)
    const json = options.json ?? verb.parent?.opts()['json']
    console.log(json ? JSON.stringify(toJson(plan), null, 2) : explain(plan))
  })
  program.command('explain')
    .summary('print the system calls that a command would make')
    .option('--json', 'as data')
    .helpOption('--help', 'show this help')
    .enablePositionalOptions()
    .addCommand(verb)
}
