import { openSource, type Source } from '../base/source.ts'
import { isThenable, settled } from '../base/thenable.ts'
import { waitWithin } from '../base/wait-timeout.ts'

/** Who is told of the steps of an input; none of these may throw. */
export interface StepTaker<I> {
  item(value: I): void
  ended(): void
  failed(error: unknown): void
  /** After an input that answers later has told what its step gave. */
  answered(): void
}

/** The input of a map: opened by its first step, and closed when the loop ends before it does. */
export class MapInput<I> {
  readonly #items: Iterable<I> | AsyncIterable<I>
  readonly #taker: StepTaker<I>
  #source: Source<I> | undefined
  /** It has ended by itself, thrown, or been closed. */
  #ended = false
  #stepping = false

  constructor(items: Iterable<I> | AsyncIterable<I>, taker: StepTaker<I>) {
    this.#items = items
    this.#taker = taker
  }

  /** Whether the latest step has not been answered. */
  get stepping(): boolean {
    return this.#stepping
  }

  /** How many items it has, if it says so. */
  get total(): number | undefined {
    return knownLength(this.#items)
  }

  /** Takes a step and tells of it: at once, or later where the input is asynchronous. */
  step(): void {
    try {
      const step = (this.#source ??= openSource(this.#items)).next()
      if (isThenable(step)) this.#stepLater(step)
      else this.#answer(step)
    } catch (error) {
      this.#fail(error)
    }
  }

  #stepLater(step: PromiseLike<IteratorResult<I>>): void {
    this.#stepping = true
    const answer = (result: IteratorResult<I>) => {
      this.#stepping = false
      this.#answer(result)
      this.#taker.answered()
    }
    step.then(answer, (error: unknown) => this.#fail(error)).then(undefined, (error: unknown) => this.#fail(error))
  }

  #answer(step: IteratorResult<I>): void {
    if (step.done !== true) return this.#taker.item(step.value)
    this.#ended = true
    this.#taker.ended()
  }

  #fail(error: unknown): void {
    this.#stepping = false
    this.#ended = true
    this.#taker.failed(error)
  }

  /** Closes it unless it has ended. Rejects with what that fails with, or when it takes more than so many milliseconds. */
  async close(limit: number): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    const closing = this.#source?.return?.()
    if (!isThenable(closing)) return
    await waitWithin<unknown>(
      { timeout: limit, signal: undefined },
      'closing the input of a map',
      (resolve, reject) => {
        settled(closing).then(resolve, reject)
        return () => {}
      },
    )
  }
}

/** How many items there are, where that is told beforehand. */
export function knownLength(items: object): number | undefined {
  const { length, size } = items as { readonly length?: unknown; readonly size?: unknown }
  return typeof length === 'number' ? length : typeof size === 'number' ? size : undefined
}
