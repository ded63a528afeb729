// Commands as data: what each is called, what it takes, and where the code is that does it.
//
//   addVerbs(program, [{ names: 'images image|ls', words: '[reference]', run: async () => (await import('…')).list }], {…})
//
// As with docker, a command can have a name of its own and one in a group: `pocker images` is `pocker image ls`.
// Invariant: what a command does is loaded when it runs, and not before.
import { Command, type HelpConfiguration } from 'commander'
import { orOne } from './errors.ts'

export interface Verb {
  /** `images image|ls`: two names, the second in the group `image`. */
  readonly names: string
  readonly words?: string
  readonly summary: string
  /** `--filter <value...>` can be given several times. */
  readonly flags?: readonly (readonly [flags: string, summary: string])[]
  readonly run: () => Promise<(words: string[], flags: never) => Promise<void> | void>
}

/** @param groups of commands, and what they are about */
export function addVerbs(program: Command, verbs: readonly Verb[], groups: Readonly<Record<string, string>>): void {
  const made = new Map(Object.entries(groups).map(([name, summary]) => [name, helped(new Command(name), summary)]))
  for (const verb of verbs) {
    for (const name of verb.names.split(' ')) {
      const [place = '', below] = name.split('|')
      if (below === undefined) program.addCommand(commandOf(verb, place))
      else made.get(place)?.addCommand(commandOf(verb, below))
    }
  }
  for (const command of made.values()) program.addCommand(command)
}

const helped = (command: Command, summary: string): Command =>
  command.summary(summary).helpOption('--help', 'show this help').configureHelp(HELP)

/** What may be given several times begins with none of it: that needs no word. */
export const HELP: HelpConfiguration = { optionDescription: ({ description }) => description }

function commandOf({ words, summary, flags = [], run }: Verb, name: string): Command {
  const command = helped(new DockerCommand(name), summary)
  if (words) command.arguments(words)
  for (const [option, about] of flags) {
    if (option.includes('...')) command.option(option.replace('...', ''), about, collect, [])
    else command.option(option, about)
  }
  return command.action(async () => await orOne(async () => await (await run())(command.args, command.opts() as never)))
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value]

/** Docker's flags are Go's: a switch may say --quiet=true, or false. */
class DockerCommand extends Command {
  override parseOptions(words: string[]): ReturnType<Command['parseOptions']> {
    return super.parseOptions(words.flatMap((word) => {
      const [, flag = '', value] = /^(--?[A-Za-z-]+)=(true|false)$/.exec(word) ?? []
      const option = this.options.find(({ short, long }) => flag === short || flag === long)
      if (!option || option.required || option.optional) return [word]
      const opposite = this.options.find(({ long }) => long === `--no-${option.name()}`)?.long
      return value === 'true' ? [flag] : opposite ? [opposite] : []
    }))
  }
}
