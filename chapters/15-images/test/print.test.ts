// What is printed, against what docker 28.2 prints for the same.
import type { EventEmitter } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ago, booleanFilter, ellipsis, formatRows, HISTORY, HISTORY_TABLE, HISTORY_TABLE_FOR_PROGRAMS, historyRows, humanDuration, humanSize,
  IMAGE_TABLE, IMAGE_TABLE_WITH_DIGESTS, imageList, imageRows, IMAGES, inspection, layerLine, parseFilters, parseUntil, progressLines, render, rfc3339, table, writeArchive,
  type LayerProgress, type Screen,
} from '../src/print/print.ts'
import { tree, type Image } from '@pocker/images'

const { data, cases } = JSON.parse(readFileSync(new URL('fixtures/templates.json', import.meta.url), 'utf8')) as { data: unknown; cases: [string, string][] }
for (const [template, expected] of cases) {
  test(`${JSON.stringify(template)} prints, or says, what docker does`, () => {
    const printed = () => inspection(template)([data])
    const got = expected.startsWith('template parsing error:') ? messageOf(printed) : printed()
    assert.is(got, expected)
  })
}

function messageOf(body: () => unknown): string {
  try {
    return `no error, but ${JSON.stringify(body())}`
  } catch (error) {
    return (error as Error).message
  }
}

test('a key that is known and not set is empty; of a map of strings, any key is', () => {
  assert.is(render('{{if .Healthcheck}}a{{else}}b{{end}}{{json .}}', { Healthcheck: undefined }), 'b{}')
  assert.is(render('{{index .Labels "a"}}|{{index .None "a"}}|{{.Labels.x}}', { Labels: { b: '1' }, None: null }), '||<no value>')
})

test('nothing of an object but its own keys is reached', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    assert.match(messageOf(() => render(`{{.${name}}}`, {})), /map has no entry for key/)
    assert.is(render(`{{index . "${name}"}}`, { a: 1 }), '<no value>')
    assert.match(messageOf(() => render(`{{${name}}}`, {})), /function "\w+" not defined/)
  }
})

test('whatever a template is, it is filled in or refused in one line', () => {
  const part = fc.constantFrom('{{', '}}', '{{-', '-}}', ' ', '.', '.a', '$', '$x', ':=', '=', '|', '(', ')', ',', 'if', 'else', 'end', 'range', 'with', 'len', 'eq', 'printf', '"%d"', '`', '\'', '1', '-', '/*', '*/', '\n', 'é', '\0')
  fc.assert(fc.property(fc.array(part, { maxLength: 14 }).map((parts) => parts.join('')), (source) => {
    try {
      assert.type(render(source, { a: [1] }), 'string')
    } catch (error) {
      assert.match((error as Error).message, /^template parsing error: template: :\d+:[^\n]*/)
    }
  }), { seed: 15, numRuns: 3000 })
})

test('parentheses and blocks beyond all measure are refused, and the stack holds', () => {
  assert.match(messageOf(() => render(`{{${'('.repeat(100_000)}}}`, {})), /max expression depth exceeded/)
  assert.match(messageOf(() => render('{{if .}}'.repeat(100_000), { a: 1 })), /max expression depth exceeded/)
})

const SIZES: readonly [number, string, string][] = [
  [0, '0B', '0B'], [999, '999B', '999B'], [1000, '1kB', '1kB'], [1840, '1.84kB', '1.84kB'], [4_269_678, '4.27MB', '4.27MB'], [17_700_000, '17.7MB', '17.7MB'],
  [109_123_456, '109MB', '109.1MB'], [999_950, '1e+03kB', '1000kB'], [1e9, '1GB', '1GB'], [1_234_567_890_123, '1.23TB', '1.235TB'],
]
test('sizes have three digits in lists, four in progress', () => {
  for (const [bytes, three, four] of SIZES) assert.equal([humanSize(bytes), humanSize(bytes, 4)], [three, four])
})

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000]
const DURATIONS: readonly [number, string][] = [
  [-5000, 'Less than a second'], [999, 'Less than a second'], [SECOND, '1 second'], [59 * SECOND, '59 seconds'], [MINUTE, 'About a minute'],
  [2 * MINUTE, '2 minutes'], [59.9 * MINUTE, '59 minutes'], [HOUR, 'About an hour'], [1.4 * HOUR, 'About an hour'], [1.5 * HOUR, '2 hours'],
  [47.4 * HOUR, '47 hours'], [47.5 * HOUR, '2 days'], [13.9 * DAY, '13 days'], [14 * DAY, '2 weeks'], [59 * DAY, '8 weeks'], [60 * DAY, '2 months'],
  [729 * DAY, '24 months'], [730 * DAY, '2 years'], [20_000 * DAY, '54 years'],
]
test('times are told as people do', () => {
  for (const [milliseconds, words] of DURATIONS) assert.equal([milliseconds, humanDuration(milliseconds)], [milliseconds, words])
  assert.is(ago(new Date(0), 2 * DAY), '2 days ago')
})

test('a moment is printed in the zone of the reader', () => {
  const zone = process.env['TZ']
  const printed = (name: string): readonly (string | undefined)[] => {
    process.env['TZ'] = name
    const [row] = imageRows([{ ...busybox, repoTags: ['a:b'], created: '2026-11-06T16:29:20Z' }], { digests: false, truncate: true })
    return [rfc3339('2026-11-06T16:29:20.9Z'), row?.['CreatedAt']]
  }
  try {
    assert.equal(printed('UTC'), ['2026-11-06T16:29:20Z', '2026-11-06 16:29:20 +0000 UTC'])
    assert.equal(printed('America/New_York'), ['2026-11-06T11:29:20-05:00', '2026-11-06 11:29:20 -0500 EST'])
    assert.equal(printed('Asia/Dubai'), ['2026-11-06T20:29:20+04:00', '2026-11-06 20:29:20 +0400 +04'])
  } finally {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  }
})

const at = (milliseconds: number): string => new Date(milliseconds).toISOString()
const NOW = Date.parse('2026-11-21T16:00:00Z')
const hex = (part: string): string => `sha256:${part.repeat(64 / part.length)}`
const busybox = { id: hex('1a2b'), repoTags: ['busybox:latest', '127.0.0.1:5000/team/a-rather-long-name:v1'], repoDigests: [`busybox@${hex('cd')}`], created: at(NOW - 15 * DAY), size: 4_269_678 }
const nameless = { id: hex('2b3c'), repoTags: [], repoDigests: [], created: at(NOW - 31 * SECOND), size: 109_000_000 }
const pulled = { id: hex('3c4d'), repoTags: [], repoDigests: [`debian@${hex('ef')}`], created: at(NOW - 400 * DAY), size: 999 }

test('a table of images is docker\'s, blank for blank', () => {
  const images = [busybox, nameless, pulled]
  const rows = imageRows(images, { digests: false, truncate: true, now: NOW })
  assert.is(formatRows(IMAGE_TABLE, rows, IMAGES), `\
REPOSITORY                               TAG       IMAGE ID       CREATED          SIZE
busybox                                  latest    1a2b1a2b1a2b   2 weeks ago      4.27MB
127.0.0.1:5000/team/a-rather-long-name   v1        1a2b1a2b1a2b   2 weeks ago      4.27MB
<none>                                   <none>    2b3c2b3c2b3c   31 seconds ago   109MB
debian                                   <none>    3c4d3c4d3c4d   13 months ago    999B
`)
  const digests = formatRows(IMAGE_TABLE_WITH_DIGESTS, imageRows(images, { digests: true, truncate: true, now: NOW }), IMAGES)
  assert.equal(digests.split('\n').slice(0, 3), [
    'REPOSITORY                               TAG       DIGEST                                                                    IMAGE ID       CREATED          SIZE',
    `busybox                                  latest    ${hex('cd')}   1a2b1a2b1a2b   2 weeks ago      4.27MB`,
    '127.0.0.1:5000/team/a-rather-long-name   v1        <none>                                                                    1a2b1a2b1a2b   2 weeks ago      4.27MB',
  ])
  assert.is(formatRows(IMAGE_TABLE, [], IMAGES), 'REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n')
})

test('a year that Go writes for no time at all is none', () => {
  const [row] = imageRows([{ ...busybox, created: '0001-01-01T00:00:00Z' }], { digests: false, truncate: true, now: NOW })
  assert.is(row?.['CreatedSince'], '')
})

test('what is known by its digest alone is dangling, and is not: both lists have it', () => {
  const image = (summary: typeof busybox): Image => summary as unknown as Image
  const shown = (value: string): string => imageList([busybox, nameless, pulled].map(image), undefined, { quiet: true, filter: [`dangling=${value}`] }, () => image(pulled))
  assert.equal([shown('true'), shown('false')], ['2b3c2b3c2b3c\n3c4d3c4d3c4d\n', '1a2b1a2b1a2b\n1a2b1a2b1a2b\n3c4d3c4d3c4d\n'])
})

test('a pattern is as Go\'s path.Match has it, and one that is none is refused', () => {
  const shown = (pattern: string): string[] => imageList([busybox as unknown as Image], pattern, { format: '{{.Repository}}' }, () => busybox as unknown as Image).split('\n').filter(Boolean)
  for (const pattern of ['busybox', 'b*x', 'busybo?', '[a-c]usybox', '[^x]usybox:latest', 'b[u\\-]sybox', '\\b*']) assert.equal(shown(pattern), ['busybox'], pattern)
  for (const pattern of ['[x-z]usybox', 'busy', '*:v?.', '127.0.0.1:5000/*', '127a0.0.1:5000/team/*']) assert.equal(shown(pattern), [], pattern)
  for (const pattern of ['[', 'busy[box', 'b[z-a]', '[]x', 'busybox\\']) assert.match(messageOf(() => shown(pattern)), /^--filter: reference: expected a pattern such as busybox:\*, got "/, pattern)
})

test('whoever ends a save leaves nothing, and is told by which signal', async () => {
  const [directory, exit, codes] = [mkdtempSync(join(tmpdir(), 'pocker-print-')), process.exit, [] as unknown[]]
  process.exit = ((code: unknown) => void codes.push(code)) as typeof process.exit
  try {
    for (const [signal, number] of [['SIGINT', 2], ['SIGTERM', 15]] as const) {
      const slowly = async function* () {
        yield Buffer.from('half')
        ;(process as EventEmitter).emit(signal, signal, number)
        throw new Error('ended')
      }
      await writeArchive(slowly(), join(directory, 'saved.tar')).catch(() => {})
    }
    assert.equal([codes, readdirSync(directory)], [[130, 143], []])
  } finally {
    process.exit = exit
    rmSync(directory, { recursive: true })
  }
})

test('an archive is for the one who asked for it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pocker-print-'))
  try {
    await writeArchive([Buffer.from('secret')], join(directory, 'saved.tar'))
    assert.is(statSync(join(directory, 'saved.tar')).mode & 0o777, 0o600)
    assert.equal(readdirSync(directory), ['saved.tar'])
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('a list by a template, as JSON, or with a misspelt field', () => {
  const rows = imageRows([{ ...nameless, created: at(NOW - 31 * SECOND) }], { digests: false, truncate: true, now: NOW })
  assert.is(formatRows('table {{.ID}}\\t{{lower .Repository}}', rows, IMAGES), 'IMAGE ID       REPOSITORY\n2b3c2b3c2b3c   <none>\n')
  assert.is(formatRows('{{upper .Repository}}:{{.Tag}}', rows, IMAGES), '<NONE>:<none>\n')
  assert.match(formatRows('json', rows, IMAGES), /^\{"Containers":"N\/A","CreatedAt":"[^"]+","CreatedSince":"31 seconds ago","Digest":"\\u003cnone\\u003e","ID":"2b3c2b3c2b3c","Repository":"\\u003cnone\\u003e","SharedSize":"N\/A","Size":"109MB","Tag":"\\u003cnone\\u003e","UniqueSize":"N\/A","VirtualSize":"109MB"\}\n$/)
  assert.is(formatRows('{{json .Repository}}', rows, IMAGES), '"<none>"\n')
  assert.is(messageOf(() => formatRows('{{.Foo}}', rows, IMAGES)), 'template parsing error: template: :1:2: executing "" at <.Foo>: can\'t evaluate field Foo in type *formatter.imageContext')
  assert.is(messageOf(() => formatRows('{{.ID', [], IMAGES)), 'template parsing error: template: :1: unclosed action')
})

test('a history is docker\'s, for people and for programs', () => {
  const steps = [
    { id: hex('1a2b'), created: at(NOW - 15 * DAY), createdBy: '/bin/sh -c #(nop)  CMD ["sh"]', size: 0, comment: '' },
    { id: '<missing>', created: at(NOW - 15 * DAY), createdBy: `/bin/sh -c #(nop) ADD file:${'9'.repeat(64)} in / `, size: 4_269_678, comment: 'buildkit.dockerfile.v0' },
  ]
  assert.is(formatRows(HISTORY_TABLE, historyRows(steps, { human: true, truncate: true, now: NOW }), HISTORY), `\
IMAGE          CREATED       CREATED BY                                      SIZE      COMMENT
1a2b1a2b1a2b   2 weeks ago   /bin/sh -c #(nop)  CMD ["sh"]                   0B        
<missing>      2 weeks ago   /bin/sh -c #(nop) ADD file:99999999999999999…   4.27MB    buildkit.dockerfile.v0
`)
  const plain = formatRows(HISTORY_TABLE_FOR_PROGRAMS, historyRows(steps, { human: false, truncate: false }), HISTORY).split('\n')
  assert.match(plain[1] ?? '', /^sha256:[1ab2]{64} {3}2026-11-06T\S+ {3}\/bin\/sh -c #\(nop\) {2}CMD \["sh"\] {71}0 {9}$/)
  assert.match(plain[2] ?? '', /4269678 {3}buildkit\.dockerfile\.v0$/)
})

test('what an image says of itself gives no orders to the terminal', () => {
  const step = { id: hex('1a2b'), created: undefined, createdBy: 'RUN \x1b]0;owned\x07', size: 0, comment: '\x1b[2J' }
  assert.equal(historyRows([step], { human: true, truncate: true }).map(({ CreatedBy, Comment, CreatedSince }) => [CreatedBy, Comment, CreatedSince]), [['RUN ?]0;owned?', '?[2J', '']])
  const image = { ...busybox, config: { history: [{ created_by: 'RUN \x9b2J\x1b[2J' }] }, layers: [hex('3c')], layerSizes: [1] } as unknown as Image
  assert.match(tree(image), /RUN  2J \[2J$/)
})

test('columns are as wide as what is in them, counted in characters', () => {
  assert.is(table(['A', 'LONGER THAN TEN', 'C'], [['é'.repeat(9), 'x', '1']]), `A           LONGER THAN TEN   C\n${'é'.repeat(9)}   x                 1\n`)
  assert.is(ellipsis('a'.repeat(46), 45), `${'a'.repeat(44)}…`)
})

test('inspect prints JSON in lines, in one line, or by a template for each', () => {
  assert.is(inspection(undefined)([{ Id: 'x' }]), '[\n    {\n        "Id": "x"\n    }\n]\n')
  assert.is(inspection(undefined)([]), '[]\n')
  assert.is(inspection('json')([{ Id: 'x<' }]), '[{"Id":"x<"}]\n')
  assert.is(inspection('{{.Id}}')([{ Id: 'x' }, { Id: 'y' }]), 'x\ny\n')
})

test('filters: what holds, and what is refused', () => {
  const filters = parseFilters(['label=a', 'label=b=c', 'dangling=1'], ['label', 'dangling'])
  assert.equal([filters.get('label'), booleanFilter(filters, 'dangling'), booleanFilter(filters, 'other')], [['a', 'b=c'], true, undefined])
  assert.is(messageOf(() => parseFilters(['dangling'], ['dangling'])), '--filter: expected name=value, got "dangling"')
  assert.is(messageOf(() => parseFilters(['x=1'], ['a', 'b'])), '--filter: expected a, b, got "x"')
  assert.match(messageOf(() => booleanFilter(parseFilters(['a=maybe'], ['a']), 'a')), /^--filter: a: expected true or false, got "maybe"$/)
})

test('until is a span, a date, or seconds', () => {
  const at = (text: string): number => parseUntil(text, NOW).getTime()
  assert.equal([at('24h'), at('1h30m'), at('10'), at('1700000000.5')], [NOW - DAY, NOW - 1.5 * HOUR, 10_000, 1_700_000_000_500])
  assert.is(at('2026-01-02T03:04:05Z'), Date.parse('2026-01-02T03:04:05Z'))
  for (const wrong of ['', 'soon', '1x', '2026-13-01', 'NaN', '9'.repeat(400)]) assert.match(messageOf(() => parseUntil(wrong)), /^--filter: until: expected a span/)
})

/** A terminal of so many rows, as far as these lines need one: it scrolls, moves up and down, and clears a line. */
class Emulated implements Screen {
  readonly isTTY = true
  readonly lines: string[] = ['']
  row = 0
  column = 0
  written = 0
  readonly columns: number
  readonly rows: number
  constructor(columns: number, rows: number) {
    this.columns = columns
    this.rows = rows
  }

  write(text: string): void {
    this.written++
    for (const [, up, down, clear, other] of text.matchAll(/\x1b\[(\d+)A|\x1b\[(\d+)B|(\x1b\[2K)|([^])/g)) {
      if (up) this.row -= this.#reach(Number(up))
      else if (down) this.row += Number(down)
      else if (clear) this.lines[this.row] = ''
      else if (other === '\r') this.column = 0
      else if (other === '\n') [this.row, this.column] = [this.row + 1, 0]
      else this.#put(other ?? '')
      this.lines[this.row] ??= ''
    }
  }

  /** What has scrolled out at the top is out of reach. */
  #reach(up: number): number {
    assert.ok(this.lines.length - (this.row - up) <= this.rows, `${up} up from line ${this.row} of ${this.lines.length}`)
    return up
  }

  #put(character: string): void {
    assert.ok(this.column < this.columns, 'no line is longer than the terminal is wide')
    this.lines[this.row] = (this.lines[this.row] ?? '') + character
    this.column++
  }
}

const PULL: readonly LayerProgress[] = [
  { id: 'aaaaaaaaaaaa', status: 'Pulling fs layer' }, { id: 'bbbbbbbbbbbb', status: 'Pulling fs layer' }, { id: 'bbbbbbbbbbbb', status: 'Waiting' },
  { id: 'aaaaaaaaaaaa', status: 'Downloading', current: 1_234_567, total: 45_600_000 }, { id: 'aaaaaaaaaaaa', status: 'Download complete' },
  { id: 'aaaaaaaaaaaa', status: 'Extracting', current: 557_056, total: 45_600_000 }, { id: 'aaaaaaaaaaaa', status: 'Pull complete' },
  { id: 'bbbbbbbbbbbb', status: 'Already exists' },
]

test('without a terminal there is a line for each change, and none for what moves', () => {
  const written: string[] = []
  const lines = progressLines({ write: (text) => written.push(text) })
  for (const step of [...PULL, PULL.at(-1) as LayerProgress]) lines.show(step)
  lines.say('Digest: x')
  assert.equal(written.join('').split('\n'), [
    'aaaaaaaaaaaa: Pulling fs layer', 'bbbbbbbbbbbb: Pulling fs layer', 'bbbbbbbbbbbb: Waiting', 'aaaaaaaaaaaa: Download complete',
    'aaaaaaaaaaaa: Pull complete', 'bbbbbbbbbbbb: Already exists', 'Digest: x', '',
  ])
})

test('on a terminal each layer keeps its line, and the cursor is always below them, at the left', () => {
  const screen = new Emulated(120, 24)
  const lines = progressLines(screen)
  for (const [i, step] of PULL.entries()) {
    lines.show(step)
    assert.equal([screen.row, screen.column], [i === 0 ? 1 : 2, 0])
  }
  lines.say('Digest: x')
  assert.equal(screen.lines, ['aaaaaaaaaaaa: Pull complete', 'bbbbbbbbbbbb: Already exists', 'Digest: x', ''])
})

test('a bar where there is room for one, and no line too long', () => {
  const step = { id: 'aaaaaaaaaaaa', status: 'Downloading', current: 1_234_567, total: 45_600_000 }
  assert.is(layerLine(step, 120), `aaaaaaaaaaaa: Downloading [=>${' '.repeat(49)}]  1.235MB/45.6MB`)
  assert.is(layerLine(step, 80), 'aaaaaaaaaaaa: Downloading  1.235MB/45.6MB')
  assert.is(layerLine({ ...step, total: 0 }, 80), 'aaaaaaaaaaaa: Downloading  1.235MB')
  assert.is(layerLine(step, 20), 'aaaaaaaaaaaa: Downlo')
  assert.is(layerLine(step, 0), 'a')
})

test('a terminal that does not know its size is taken for a usual one', () => {
  const written: string[] = []
  progressLines({ isTTY: true, columns: 0, rows: 0, write: (text) => written.push(text) }).show({ id: 'aaaaaaaaaaaa', status: 'Pulling fs layer' })
  assert.equal(written, ['aaaaaaaaaaaa: Pulling fs layer\n'])
})

test('more layers than rows: those that are not finished are seen, the others counted', () => {
  const screen = new Emulated(60, 6)
  const lines = progressLines(screen)
  const id = (i: number): string => i.toString(16).padStart(12, '0')
  for (let i = 0; i < 40; i++) lines.show({ id: id(i), status: 'Pulling fs layer' })
  for (let i = 0; i < 37; i++) lines.show({ id: id(i), status: 'Pull complete' })
  assert.equal(screen.lines, [
    `${id(0)}: Pull complete`, `${id(37)}: Pulling fs layer`, `${id(38)}: Pulling fs layer`, `${id(39)}: Pulling fs layer`, '… and 36 more, 37 of 40 done', '',
  ])
})

test('a bar that is looked at a thousand times in a moment is drawn once, and when it is full', () => {
  const screen = new Emulated(80, 24)
  let clock = 0
  const lines = progressLines(screen, () => clock)
  for (let i = 0; i < 1000; i++) lines.show({ id: 'aaaaaaaaaaaa', status: 'Downloading', current: i + 1, total: 1000 })
  assert.equal([screen.written, screen.lines[0]], [2, 'aaaaaaaaaaaa: Downloading      1kB/1kB'])
  clock += 101
  lines.show({ id: 'aaaaaaaaaaaa', status: 'Extracting', current: 1, total: 1000 })
  assert.is(screen.written, 3)
})

test.run()
