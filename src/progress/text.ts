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

/** As much of a text of one line as fits; `…` at its end tells that there was more. */
export function fitted(text: string, columns: number): string {
  if (width(text) <= columns) return text
  let end = 0
  let left = columns - 1
  for (const character of text) {
    left -= columnsOf(character)
    if (left < 0) break
    end += character.length
  }
  return columns > 0 ? `${text.slice(0, end)}…` : ''
}

/** How many columns of a terminal a text of one line takes at most. */
export function width(text: string): number {
  let columns = 0
  for (const character of text) columns += columnsOf(character)
  return columns
}

/** Nothing below U+1100 is wide. Of the rest, much is narrow: a line that ends early does no harm, one too long does. */
function columnsOf(character: string): number {
  return character < '\u1100' || character === '…' ? 1 : 2
}

/** Whether the cursor is in the middle of a line once `chunk` has been printed; `open`: whether it was before. */
export function leavesLineOpen(chunk: unknown, open: boolean): boolean {
  const text =
    typeof chunk === 'string' ? chunk : chunk instanceof Uint8Array ? Buffer.from(chunk).toString('latin1') : ''
  const end = text.lastIndexOf('\n')
  // So long a tail shows something, whatever it is made of.
  if (text.length - end > LONGEST) return true
  const visible = stripControlSequences(text.slice(end + 1)).replaceAll('\r', '')
  return visible !== '' || (end === -1 && open)
}
