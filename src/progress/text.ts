import { stripControlSequences } from '../base/platform.ts'

/** More than any line shows: the rest of a text that is longer costs nothing. */
const LONGEST = 1_000

/** Characters that could drive a terminal, break a line, or turn the direction of what follows. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu

/** A text from anywhere as one line that does nothing to a terminal but fill it from left to right. */
export function oneLine(text: string): string {
  const start = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
  return stripControlSequences(start.toWellFormed()).replace(UNSAFE, ' ').trim()
}

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/

/**
 * What takes two columns: the East Asian wide and full-width blocks, and emoji. Some of it is narrow on some terminals;
 * a line that ends a column early does no harm, one that goes on a column too far does.
 */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]|\ufe0f/u
/** What is drawn on top of its neighbour, or not at all. */
const NARROWEST = /^[\p{Mn}\p{Me}\p{Cf}]+$/u

let segmenter: Intl.Segmenter | undefined

function graphemes(text: string): Iterable<Intl.SegmentData> {
  segmenter ??= new Intl.Segmenter()
  return segmenter.segment(text)
}

function graphemeWidth(grapheme: string): number {
  if (WIDE.test(grapheme)) return 2
  return NARROWEST.test(grapheme) ? 0 : 1
}

/** How many columns of a terminal a text of one line takes. */
export function width(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length
  let columns = 0
  for (const { segment } of graphemes(text)) columns += graphemeWidth(segment)
  return columns
}

/** As much of a text of one line as fits; `…` at its end tells that there was more. */
export function fitted(text: string, columns: number): string {
  if (width(text) <= columns) return text
  let fitting = ''
  let left = columns - 1
  for (const { segment } of graphemes(text)) {
    left -= graphemeWidth(segment)
    if (left < 0) break
    fitting += segment
  }
  return columns > 0 ? `${fitting}…` : ''
}

/** A tail longer than this shows something, whatever it is made of. */
const LONGEST_TAIL = 200

/** Whether the cursor is in the middle of a line once `chunk` has been printed; `open`: whether it was before. */
export function leavesLineOpen(chunk: unknown, open: boolean): boolean {
  const text =
    typeof chunk === 'string' ? chunk : chunk instanceof Uint8Array ? Buffer.from(chunk).toString('latin1') : ''
  const end = text.lastIndexOf('\n')
  if (text.length - end > LONGEST_TAIL) return true
  const visible = stripControlSequences(text.slice(end + 1)).replaceAll('\r', '')
  return visible !== '' || (end === -1 && open)
}
