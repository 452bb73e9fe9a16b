/** Characters of a text that is only shown. */
const LONGEST = 10_000

/** Whether every server keeps this text as it is: a PostgreSQL takes no NUL, and neither kind takes half a character. */
export function isKept(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

/** The beginning of a text as every server keeps it, for the people who look there. What is to arrive whole is encoded. */
export function shownText(text: string, length = LONGEST): string {
  return text.slice(0, length).toWellFormed().replaceAll('\0', '\uFFFD')
}
