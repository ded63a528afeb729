// Which bytes of a blob: what a client asks for, what a server sends, and how much of an upload has arrived.
//
//   parseRange('bytes=10-', 100)              → { start: 10, end: 99 }
//   parseContentRange('bytes 10-99/100')      → { start: 10, end: 99, size: 100 }
//   parseUploaded('0-9')                      → 10
//
// Invariant: ends are the last byte's number, as in the headers; a start is never behind its end.
// @see RFC 9110, 14; OCI distribution spec, "Pushing a blob in chunks", whose Content-Range has no unit

export interface Span { readonly start: number; readonly end: number }

/** @returns undefined where the header is to be ignored (none, several ranges, another unit), 'unsatisfiable' for 416 */
export function parseRange(header: string | undefined, size: number): Span | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  const [from, to] = [match?.[1] ?? '', match?.[2] ?? '']
  if (from === '' && to === '') return undefined
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (from !== '' && to !== '' && Number(to) < start) return undefined
  return start > end ? 'unsatisfiable' : { start, end }
}

/** Of an answer 206. */
export function parseContentRange(header: string | undefined): (Span & { readonly size?: number }) | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(header ?? '')
  if (!match || Number(match[1]) > Number(match[2])) return undefined
  return { start: Number(match[1]), end: Number(match[2]), ...(match[3] !== '*' && { size: Number(match[3]) }) }
}

/** Of a chunk that is uploaded: `start-end`, by some clients with a unit and a size around it. */
export function parseChunk(header: string): Span | undefined {
  const match = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header)
  return !match || Number(match[1]) > Number(match[2]) ? undefined : { start: Number(match[1]), end: Number(match[2]) }
}

/** The Range of an upload's answer: so many bytes. It cannot say "none": 0-0 is one byte or none, so it counts as nothing known. */
export function parseUploaded(header: string | undefined): number | undefined {
  const match = /^(?:bytes=)?0-([1-9]\d{0,14})$/.exec(header ?? '')
  return match ? Number(match[1]) + 1 : undefined
}

export const formatUploaded = (size: number): string => `0-${Math.max(0, size - 1)}`
