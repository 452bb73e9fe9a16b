const PARTS = new RegExp(`${'\x1b'}\\[(\\??)([\\d;]*)([A-Za-z])|[^]`, 'gu')

/**
 * A terminal as far as progress needs one: it shows what is written to it. Serves as the stream of a reporter, and to
 * look at what a process has written to a pseudo-terminal. Throws for what it does not know.
 */
export class Terminal {
  readonly isTTY = true
  /** The size that it tells; the one that it has stays. */
  columns: number
  rows: number
  readonly #width: number
  readonly #height: number
  /** All that was ever shown, the screen being its last rows. */
  #lines: string[][] = [[]]
  #row = 0
  #column = 0
  wraps = true
  cursorVisible = true
  /** Everything that was written, and in how many calls. */
  raw = ''
  writes = 0

  constructor(columns = 80, rows = 24) {
    this.columns = this.#width = columns
    this.rows = this.#height = rows
  }

  write(text: string): boolean {
    this.raw += text
    this.writes += 1
    const parts = text.matchAll(PARTS)
    for (const [part, mode, parameters, command] of parts) {
      if (command === undefined) this.#put(part)
      else if (mode === '?') this.#mode(parameters ?? '', command === 'h')
      else this.#command(command, parameters ?? '')
    }
    return true
  }

  /** What has been shown, without blank lines at the end. */
  get text(): string {
    const lines = this.#lines.map(line =>
      Array.from(line, cell => cell ?? ' ')
        .join('')
        .trimEnd(),
    )
    return lines.join('\n').trimEnd()
  }

  get column(): number {
    return this.#column
  }

  #put(character: string): void {
    if (character === '\r') this.#column = 0
    else if (character === '\n') this.#down()
    else if (/\p{Cc}/u.test(character)) throw new Error(`unexpected ${JSON.stringify(character)}`)
    else {
      if (this.#column === this.#width) {
        if (this.wraps) this.#down()
        else this.#column -= 1
      }
      this.#line[this.#column] = character
      this.#column += 1
    }
  }

  /** The way a terminal does it that turns `\n` into `\r\n`. */
  #down(): void {
    this.#column = 0
    this.#row += 1
    this.#lines[this.#row] ??= []
  }

  get #line(): string[] {
    return this.#lines[this.#row] ?? []
  }

  #mode(parameters: string, on: boolean): void {
    if (parameters === '7') this.wraps = on
    else if (parameters === '25') this.cursorVisible = on
    else throw new Error(`unexpected mode ${parameters}`)
  }

  #command(command: string, parameters: string): void {
    const number = Number(parameters || (command === 'J' || command === 'K' ? 0 : 1))
    if (command === 'A') this.#row = Math.max(this.#row - number, Math.max(0, this.#lines.length - this.#height))
    else if (command === 'G') this.#column = number - 1
    else if (command === 'K') this.#lines[this.#row] = number === 2 ? [] : this.#line.slice(0, this.#column)
    else if (command === 'J' && number === 0) {
      this.#lines[this.#row] = this.#line.slice(0, this.#column)
      for (let row = this.#row + 1; row < this.#lines.length; row += 1) this.#lines[row] = []
    } else if (command !== 'm') throw new Error(`unexpected command ${command}`)
  }
}
