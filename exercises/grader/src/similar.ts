// Answers that are alike, by winnowed fingerprints of their normalised tokens.
//
//   similar(submitted, exercises, 0.8)   → [{ exercise, a, b, overlap: 0.97 }, …], the most alike first
//
// Comments, blanks, and the names that an answer gives itself do not count; names that it imports do, and numbers. What the
// starter holds does not count, nor what more than half of the class has: short exercises have one obvious beginning.
// An overlap is a reason to read both, and no more than that.
// @see Schleimer, Wilkerson, Aiken: Winnowing: Local Algorithms for Document Fingerprinting (SIGMOD 2003)
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, type Found } from './exercises.ts'
import { take } from './handed.ts'
import type { Submitted } from './one.ts'

export interface Pair { readonly exercise: string; readonly a: string; readonly b: string; readonly overlap: number }

/** Tokens in a fingerprint, and fingerprints of which one is kept: matches of K + W - 1 tokens are always found. */
const [K, W] = [8, 4]
/** Fewer fingerprints say nothing. */
const LEAST = 6
/** In a smaller class, what everybody has may well be copied. */
const CLASS = 8

export function similar(submitted: readonly Submitted[], exercises: readonly Found[], least: number): Pair[] {
  return exercises.flatMap((exercise) => {
    const texts = new Map(submitted.flatMap((one) => {
      const text = textOf(one, exercise)
      return text === undefined ? [] : [[one.name, text] as const]
    }))
    const starter = join(ROOT, 'exercises', exercise.chapter, `${exercise.name}.ts`)
    const known = existsSync(starter) ? readFileSync(starter, 'utf8') : ''
    return pairs(texts, known, least).map((pair) => ({ exercise: exercise.id, ...pair }))
  }).toSorted((a, b) => b.overlap - a.overlap || (`${a.exercise} ${a.a} ${a.b}` < `${b.exercise} ${b.a} ${b.b}` ? -1 : 1))
}

/** @param texts by name. Pure */
export function pairs(texts: ReadonlyMap<string, string>, starter: string, least: number): Omit<Pair, 'exercise'>[] {
  const known = new Set(fingerprints(starter, 1))
  const prints = [...texts].map(([name, text]) =>
    [name, new Set(fingerprints(text, W).filter((print) => !known.has(print)))] as const)
  const count = new Map<string, number>()
  for (const print of prints.flatMap(([, set]) => [...set])) count.set(print, (count.get(print) ?? 0) + 1)
  const common = (print: string): boolean => prints.length >= CLASS && (count.get(print) ?? 0) > prints.length / 2
  const own = prints.map(([name, set]) => [name, [...set].filter((print) => !common(print))] as const)
    .filter(([, list]) => list.length >= LEAST)
  return own.flatMap(([a, mine], i) => own.slice(i + 1).flatMap(([b, theirs]) => {
    const shared = mine.filter((print) => theirs.includes(print)).length
    const overlap = shared / Math.min(mine.length, theirs.length)
    return overlap >= least ? [{ a, b, overlap }] : []
  }))
}

/** Of each window of fingerprints the smallest, the last if there are several. */
function fingerprints(text: string, window: number): string[] {
  const words = tokens(text)
  const digest = (gram: readonly string[]): string => createHash('sha1').update(gram.join('\0')).digest('hex').slice(0, 16)
  const all = words.slice(K - 1).map((_, i) => digest(words.slice(i, i + K)))
  const kept = new Set<number>()
  for (let i = 0; i + window <= all.length; i++) {
    let smallest = i
    for (let j = i; j < i + window; j++) if ((all[j] ?? '') <= (all[smallest] ?? '')) smallest = j
    kept.add(smallest)
  }
  return [...kept].map((i) => all[i] ?? '')
}

// Comments and blanks; names; numbers; texts; signs.
const TOKEN = new RegExp([
  /\/\/.*|\/\*[^]*?\*\/|\s+/, /([A-Za-z_$][\w$]*)/, /(\d[\w.]*)/,
  /('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`)/, /([^])/,
].map(({ source }) => source).join('|'), 'g')
const KEYWORDS = new Set(('as async await break case catch class const continue default delete do else export extends false '
  + 'finally for from function if import in instanceof interface let new null of return static super switch this throw true try '
  + 'type typeof undefined var void while yield').split(' '))

/** @returns the tokens, with one word for all names that the answer has chosen */
export function tokens(text: string): string[] {
  const imported = new Set(Array.from(text.matchAll(/import\s+(?:type\s+)?\{([^}]*)\}/g), ([, names = '']) => names)
    .flatMap((names) => names.split(',').map((name) => name.trim().replace(/^type\s+/, '').split(/\s+as\s+/)[0] ?? '')))
  const body = text.replace(/^import\s[^;'"]*['"][^'"]*['"];?$/gm, '') // which packages, and in which order, is no work
  let last = ''
  return Array.from(body.matchAll(TOKEN)).flatMap(([, name, number, string, sign]) => {
    const token = name === undefined ? number ?? (string === undefined ? sign : 'text')
      : KEYWORDS.has(name) || imported.has(name) || last === '.' ? name : 'name'
    if (token !== undefined) last = token
    return token === undefined || token === ';' ? [] : [token]
  })
}

function textOf({ folder }: Submitted, exercise: Found): string | undefined {
  const handed = take(folder, [exercise])
  try {
    const { file, refused } = handed.answer(exercise)
    return refused === undefined ? readFileSync(file, 'utf8') : undefined
  } finally {
    handed.close()
  }
}
