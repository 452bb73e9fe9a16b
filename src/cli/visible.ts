/** What a terminal takes for commands, or for the order of letters, and halves of characters. */
const INVISIBLE = /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** A text as a terminal can show it, no matter where it comes from: no part of it is a command. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, character => `\\u{${(character.codePointAt(0) as number).toString(16)}}`)
}

/** JSON in one line, likewise. */
export function visibleJson(value: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value).replace(INVISIBLE, escaped)
}

/** Of each line of a text, which stay lines. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n')
}
