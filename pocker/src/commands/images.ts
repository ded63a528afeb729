// The commands for images and registries, as docker has them.
import type { Command } from 'commander'
import { addVerbs, type Verb } from '../verbs.ts'

type Local = typeof import('./images/local.ts')
type Archive = typeof import('./images/archive.ts')
type Registry = typeof import('./images/registry.ts')
const local = (name: Exclude<keyof Local, 'here'>): Verb['run'] => async () => (await import('./images/local.ts'))[name]
const archive = (name: keyof Archive): Verb['run'] => async () => (await import('./images/archive.ts'))[name]
const registry = (name: Exclude<keyof Registry, 'fetchImage' | 'baseOf'>): Verb['run'] =>
  async () => (await import('./images/registry.ts'))[name]

const FORMAT = ['--format <template>', 'a Go template; json; or `table` and a template'] as const
const NO_TRUNC = ['--no-trunc', 'do not cut anything off'] as const
const ALL_TAGS = ['-a, --all-tags', 'all tags of the repository'] as const
const QUIET = ['-q, --quiet', 'only what a program needs'] as const
const PLATFORM = ['--platform <os/architecture>', 'for another machine than this one'] as const

const VERBS: readonly Verb[] = [
  {
    names: 'pull image|pull', words: '<reference>', summary: 'fetch an image from a registry', run: registry('pullImage'),
    flags: [QUIET, ALL_TAGS, PLATFORM],
  },
  {
    names: 'push image|push', words: '<reference>', summary: 'send an image to a registry', run: registry('pushImage'),
    flags: [QUIET, ALL_TAGS],
  },
  {
    names: 'login', words: '[registry]', summary: 'log in to a registry', run: registry('logIn'),
    flags: [['-u, --username <name>', 'who'], ['-p, --password <password>', 'seen by all who see processes'],
      ['--password-stdin', 'the password comes on standard input']],
  },
  { names: 'logout', words: '[registry]', summary: 'forget the login', run: registry('logOut') },
  {
    names: 'images image|ls', words: '[reference]', summary: 'the images that are here', run: local('list'),
    flags: [['-a, --all', 'as docker has it: all are shown'], QUIET, NO_TRUNC, ['--digests', 'what registries call them'], FORMAT,
      ['-f, --filter <name=value...>', 'dangling, label, before, since, until, reference']],
  },
  {
    names: 'rmi image|rm', words: '<image...>', summary: 'take away names, and images with their last one', run: local('remove'),
    flags: [['-f, --force', 'even if it has other names'], ['--no-prune', 'as docker has it: there is nothing to do']],
  },
  {
    names: 'image|inspect', words: '<image...>', summary: 'all about an image', run: local('inspectAll'),
    flags: [['-f, --format <template>', 'a Go template, or json']],
  },
  {
    names: 'history image|history', words: '<image>', summary: 'the steps that made an image', run: local('listHistory'),
    flags: [['-H, --human', 'figures for people (the default)'], ['--no-human', 'for programs'], NO_TRUNC, QUIET, FORMAT],
  },
  {
    names: 'image|prune', summary: 'take away images that have no name', run: local('prune'),
    flags: [['-a, --all', 'all that no container uses'], ['-f, --force', 'do not ask'],
      ['--filter <name=value...>', 'until, label, label!']],
  },
  { names: 'tag image|tag', words: '<image> <reference>', summary: 'give an image another name', run: local('tag') },
  {
    names: 'save image|save', words: '<image...>', summary: 'write images to an archive', run: archive('saveAll'),
    flags: [['-o, --output <file>', 'instead of standard output']],
  },
  {
    names: 'load image|load', summary: 'read images from an archive', run: archive('loadAll'),
    flags: [['-i, --input <file>', 'instead of standard input'], PLATFORM,
      ['-q, --quiet', 'as docker has it: there is no progress']],
  },
  {
    names: 'import image|import', words: '<file> [reference]', summary: 'make an image of an archive of files',
    run: archive('importFile'),
    flags: [['-c, --change <line...>', 'of a Dockerfile: CMD ["sh"]'], ['-m, --message <text>', 'for its history'], PLATFORM],
  },
  { names: 'image|check', summary: 'read all images, and say what is damaged', run: local('check') },
  {
    names: 'image|tree', words: '<image>', summary: 'draw the layers of an image', run: local('drawTree'),
    flags: [['--svg', 'as a picture']],
  },
  {
    names: 'registry|serve', summary: 'be a registry', run: registry('serveRegistry'),
    flags: [['--host <address>', '127.0.0.1'], ['--port <number>', '5000'], ['--root <dir>', 'where its blobs are'],
      ['--htpasswd <file>', 'who may come in'], ['--tls-cert <file>', 'its certificate'], ['--tls-key <file>', 'its key']],
  },
]

export function addImages(program: Command): void {
  addVerbs(program, VERBS, { image: 'images', registry: 'a registry of your own' })
}
