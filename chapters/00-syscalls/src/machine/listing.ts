// A listing: machine code written down as hex bytes beside their assembly, with labels between.
//
//   listing('run_list:\n  c3   ret')   → { code: <c3>, labels: { run_list: 0 } }

export interface Code {
  readonly code: Buffer
  /** Byte offset of each label. */
  readonly labels: Readonly<Record<string, number>>
}

/** @param text lines of `label:`, or of hex bytes, two spaces, and the instruction */
export function listing(text: string): Code {
  const bytes: number[] = []
  const labels: Record<string, number> = {}
  for (const line of text.split('\n')) {
    const label = /^(\w+):$/.exec(line)?.[1]
    if (label) labels[label] = bytes.length
    const hex = /^ {2}((?:[0-9a-f]{2} )+) /.exec(line)?.[1]
    for (const byte of hex?.trim().split(' ') ?? []) bytes.push(Number.parseInt(byte, 16))
  }
  return { code: Buffer.from(bytes), labels }
}
