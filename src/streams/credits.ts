/**
 * How many items a producer may still send: credit-based flow control (H. T. Kung and A. Chapman, *The FCVC Proposal for
 * ATM Networks*, 1993; the windows of HTTP/2 and `request(n)` of Reactive Streams are the same). The reader's side begins
 * with as many credits as its buffer has places and gives back one for each item that was read, so that what is on the way
 * always fits, whatever lies between the two.
 */
export class Credits {
  #available: number
  #wake: (() => void) | undefined
  #relay: ((count: number) => void) | undefined

  constructor(available = 0) {
    this.#available = available
  }

  get available(): number {
    return this.#available
  }

  /** An item was sent. */
  use(): void {
    this.#available -= 1
  }

  add(count: number): void {
    if (this.#relay !== undefined) return this.#relay(count)
    this.#available += count
    this.wake()
  }

  /** Passes on all there are, and all that come, to where the producer is. */
  relay(tell: (count: number) => void): void {
    this.#relay = tell
    const available = this.#available
    this.#available = 0
    if (available > 0) tell(available)
  }

  /** Resolves when there may be some. */
  granted(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }

  /** Has the producer look again. */
  wake(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}

/** Where the items of one attempt go. */
export interface ItemSink {
  readonly credits: Credits
  /** The producer may have used no more credits than there were. May throw for what can't be carried. */
  put(item: unknown): void
  /**
   * The producer begins anew: forgets what was put and not read, and has all credits again. `false`, and nothing, once an
   * item was read: it would be read twice.
   */
  restart(): boolean
}
