// A request to the kernel as data: what to do, in bytes, and in words for the error.
//
//   request('link del veth0', RTM_DELLINK, ACT, LINK, { index: 4 }, {})   → Request
//
// Invariant: all values were checked when it was made. Only devices that are given by name are still blank: the kernel
// wants their index, and that is known when the request is sent.
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_DUMP, NLM_F_REPLACE, NLM_F_REQUEST, Writer, type Blank } from './message.ts'
import {
  readAttributes, readStruct, writeAttributes, writeStruct, type Fields, type Struct, type Table, type Values,
} from './attributes.ts'

/** Change what is there. */
export const CHANGE = NLM_F_REQUEST | NLM_F_ACK
/** Make what is not there yet. */
export const ADD = CHANGE | NLM_F_CREATE | NLM_F_EXCL
/** Make it, whether it is there or not. */
export const REPLACE = CHANGE | NLM_F_CREATE | NLM_F_REPLACE

/** One family of messages: a struct, and attributes behind it. @see rtnetlink(7) */
export interface Family<S extends Struct, T extends Table> { readonly header: S; readonly attributes: T }

export interface Request {
  /** In the words of ip(8). */
  readonly what: string
  /** RTM_* */
  readonly type: number
  /** NLM_F_* */
  readonly flags: number
  readonly body: Buffer
  readonly blanks: readonly Blank[]
}

/** A request for a list. */
export interface Dump<T> extends Request {
  /** @param nameOf the name of a device, by its index; undefined: this message is not part of the list */
  readonly read: (body: Buffer, nameOf: (index: number) => string) => T | undefined
}

/** @throws {SpecError} if a value is none of its kind */
export function request<S extends Struct, T extends Table>(
  what: string, type: number, flags: number, family: Family<S, T>, header: Fields<S>, attributes: Values<T>,
): Request {
  const writer = new Writer()
  writeBody(writer, family, header, attributes)
  return { what, type, flags, body: writer.bytes(), blanks: writer.blanks }
}

export function dump<S extends Struct, T extends Table, R>(
  what: string, type: number, family: Family<S, T>, header: Fields<S>,
  read: (header: Required<Fields<S>>, attributes: Values<T>, nameOf: (index: number) => string) => R | undefined,
): Dump<R> {
  return {
    ...request(what, type, NLM_F_REQUEST | NLM_F_DUMP, family, header, {}),
    read: (body, nameOf) => read(...readBody(family, body), nameOf),
  }
}

export function writeBody<S extends Struct, T extends Table>(
  to: Writer, { header, attributes }: Family<S, T>, fields: Fields<S>, values: Values<T>,
): void {
  writeStruct(to, header, fields)
  writeAttributes(to, attributes, values)
}

/** @throws {MessageError} */
export function readBody<S extends Struct, T extends Table>(
  { header, attributes }: Family<S, T>, body: Buffer,
): [header: Required<Fields<S>>, attributes: Values<T>] {
  const [fields, rest] = readStruct(header, body)
  return [fields, readAttributes(attributes, rest)]
}

/** @returns the entries that have a value: an optional field that is not there is missing, not undefined */
export const present = <T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
