import { amount, requiredObject } from '../../base/options.ts'
import { alreadyReleased, unknownKey } from '../../limits/errors.ts'
import type { Amounts, LimitPermit } from '../../limits/types.ts'

/** Whom a permit is given back to. No call rejects. */
export interface Holder {
  readonly key: string
  /** Whether releasing gives anything back: a rate comes back with time alone. */
  readonly returnable: boolean
  /** It counts as taken until `begin`, where that can be told to the server. */
  postpone(token: string, amount: number): void
  /** It counts from now on. */
  begin(token: string, amount: number): Promise<void>
  keep(token: string, kept: number, held: number): Promise<void>
  /** Takes so much of a rate before all else of this process, as soon as it is there. */
  owe(amount: number): void
}

/** So much of a shared limit. */
export class SharedPermit implements LimitPermit {
  readonly #holder: Holder
  readonly #token: string
  #amount: number
  /** Of what turned out to be more than that. */
  #owed = 0
  #released = false
  #postponed = false
  /** Its time on the server is made longer, again and again. */
  #prolonged = false
  #told: Promise<void> | undefined

  constructor(holder: Holder, token: string, amount: number) {
    this.#holder = holder
    this.#token = token
    this.#amount = amount
  }

  get key(): string {
    return this.#holder.key
  }

  get released(): boolean {
    return this.#released
  }

  update(amounts: Amounts): void {
    const { key } = this.#holder
    let kept = this.#amount
    for (const [name, value] of Object.entries(requiredObject('amounts', amounts))) {
      if (name !== key) throw unknownKey(name, [key])
      kept = amount(name, value, 0, this.#amount)
    }
    if (this.#released) throw alreadyReleased()
    this.#keep(kept)
  }

  settle(amounts: Amounts): void {
    const { key, returnable } = this.#holder
    let kept = this.#amount
    for (const [name, value] of Object.entries(requiredObject('amounts', amounts))) {
      if (name !== key) throw unknownKey(name, [key])
      kept = amount(name, value, 0, Number.POSITIVE_INFINITY)
    }
    if (returnable && this.#released) return
    if (returnable || kept <= this.#amount) return this.#keep(kept)
    const more = kept - this.#amount - this.#owed
    if (more <= 0) return
    this.#owed += more
    this.#holder.owe(more)
  }

  holds(source: object): number {
    return source === this.#holder && !this.#released ? this.#amount : 0
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    if (this.#holder.returnable || this.#postponed) this.#keep(0)
  }

  refund(): void {
    if (this.#released) return
    this.#released = true
    this.#keep(0)
  }

  postpone(): void {
    if (this.#released || this.#postponed || this.#holder.returnable || this.#amount === 0) return
    this.#postponed = true
    // Later: most begin at once, and then the server need not be told.
    queueMicrotask(() => {
      if (this.#released || !this.#postponed) return
      this.#prolonged = true
      this.#holder.postpone(this.#token, this.#amount)
    })
  }

  begin(): void {
    if (this.#released || !this.#postponed) return
    this.#postponed = false
    if (this.#prolonged) this.#tell(() => this.#holder.begin(this.#token, this.#amount))
    this.#prolonged = false
  }

  /** Like {@link refund}; resolves when the server knows. */
  async undone(): Promise<void> {
    this.refund()
    await this.#told
  }

  [Symbol.dispose](): void {
    this.release()
  }

  /** Waits until the server knows, or is taken for lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.release()
    await this.#told
  }

  #keep(kept: number): void {
    const held = this.#amount
    if (kept === held) return
    this.#amount = kept
    this.#tell(() => this.#holder.keep(this.#token, kept, held))
  }

  /** One after the other. */
  #tell(tell: () => Promise<void>): void {
    this.#told = this.#told === undefined ? tell() : this.#told.then(tell)
  }
}
