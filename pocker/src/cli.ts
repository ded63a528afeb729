// The command `pocker`: which verbs there are. Each is a file in commands/.
import { Command } from 'commander'
import { addDoctor } from './commands/doctor.ts'
import { addExplain } from './commands/explain.ts'
import { addImages } from './commands/images.ts'
import { addRun } from './commands/run.ts'
import { addStep } from './commands/step.ts'
import { execute, oneLineErrors } from './errors.ts'

const program = new Command('pocker')
  .description('Containers as lists of system calls')
  .version('0.1.0')
  .helpOption('--help', 'show this help')
  .enablePositionalOptions()

for (const add of [addRun, addImages, addExplain, addStep, addDoctor]) add(program)
// A program of its own runs it, see bin/pocker.mjs; here it is for the list of commands.
program.command('oci').description('the OCI runtime, with runc\'s verbs; see: pocker oci --help')
oneLineErrors(program)
await execute(program)
