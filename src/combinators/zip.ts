import { iterable } from '../base/options.ts'
import { openSource, type Source } from '../base/source.ts'

/** What an iterable, sync or async, gives. */
type Item<S> = S extends AsyncIterable<infer T> ? T : S extends Iterable<infer T> ? T : never

/**
 * Walks several inputs side by side, sync or async, and ends with the shortest; the others are closed then, and also
 * when the loop is left or one of them fails.
 *
 * ```ts
 * manager.map(zip(names, urls), ([name, url]) => download(name, url))
 * ```
 */
export function zip<S extends readonly (Iterable<unknown> | AsyncIterable<unknown>)[]>(
  ...inputs: S
): AsyncGenerator<{ -readonly [K in keyof S]: Item<S[K]> }, void, undefined> {
  for (const [index, input] of inputs.entries()) iterable(`input ${index + 1} of zip`, input)
  const sources = new OpenSources()
  const rows = walk(inputs, sources)
  const leave = rows.return.bind(rows)
  // A generator that waits for its inputs would hear of this only when they have answered.
  rows.return = value => {
    sources.interrupt()
    return leave(value)
  }
  return rows as AsyncGenerator<{ -readonly [K in keyof S]: Item<S[K]> }, void, undefined>
}

const ENDED = Symbol('ended')

async function* walk(
  inputs: readonly (Iterable<unknown> | AsyncIterable<unknown>)[],
  sources: OpenSources,
): AsyncGenerator<unknown[], void, undefined> {
  try {
    const opened = inputs.map(input => sources.open(input))
    while (opened.length > 0) yield await Promise.all(opened.map(source => sources.next(source)))
  } catch (error) {
    if (error !== ENDED) throw error
  } finally {
    sources.interrupt()
    await sources.close()
  }
}

/** What has to be closed in the end: an iterator that has ended or thrown does not. */
class OpenSources {
  readonly #idle = new Set<Source<unknown>>()
  readonly #stepping = new Set<Source<unknown>>()

  open(input: Iterable<unknown> | AsyncIterable<unknown>): Source<unknown> {
    const source = openSource(input)
    this.#idle.add(source)
    return source
  }

  /** The next item. Throws `ENDED` after the last. */
  async next(source: Source<unknown>): Promise<unknown> {
    this.#idle.delete(source)
    this.#stepping.add(source)
    try {
      const step = await source.next()
      if (step.done === true) throw ENDED
      if (this.#stepping.has(source)) this.#idle.add(source)
      return step.value
    } finally {
      this.#stepping.delete(source)
    }
  }

  /** Closes those that take a step, without waiting: a stream ends the step, a generator closes after it. */
  interrupt(): void {
    for (const source of this.#stepping) {
      this.#stepping.delete(source)
      closed(source).catch(() => {})
    }
  }

  async close(): Promise<void> {
    const idle = [...this.#idle]
    this.#idle.clear()
    await Promise.all(idle.map(closed))
  }
}

async function closed(source: Source<unknown>): Promise<void> {
  await source.return?.()
}
