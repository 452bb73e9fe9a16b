import { startTimer, type Timer } from '../../base/clock.ts'

/** Milliseconds that the connections stay open when nobody needs them: until then they keep the process alive. */
const LINGER = 500

/** What is opened. */
export interface Closing {
  close(): Promise<void>
}

/** Opens something when it is needed first, and closes it a while after it was needed last; then it may be opened anew. */
export class Lifetime<T extends Closing> {
  readonly #open: () => Promise<T>
  #opening: Promise<T> | undefined
  #closed: Promise<void> = Promise.resolve()
  #lingering: Timer | undefined

  constructor(open: () => Promise<T>) {
    this.#open = open
  }

  /** What is open or being opened, if anything is. */
  get current(): Promise<T> | undefined {
    return this.#opening
  }

  /** Resolves when what was closed last is closed. */
  get closed(): Promise<void> {
    return this.#closed
  }

  /** Opens it, unless it is open. Rejects as that does, and the next one tries again. */
  opened(): Promise<T> {
    if (this.#opening !== undefined) return this.#opening
    const opening = this.#closed.then(this.#open)
    opening.catch(() => {
      if (this.#opening === opening) this.#opening = undefined
    })
    this.#opening = opening
    return opening
  }

  /** It is needed. */
  keep(): void {
    this.#lingering?.cancel()
  }

  /** It is not needed now. */
  linger(): void {
    this.#lingering = startTimer(LINGER, () => this.close())
  }

  close(): void {
    this.keep()
    const opening = this.#opening
    this.#opening = undefined
    if (opening === undefined) return
    this.#closed = opening.then(
      open => open.close(),
      () => {},
    )
  }
}
