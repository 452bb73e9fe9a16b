import { iterable } from './options.ts'

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
  return walk(inputs) as AsyncGenerator<{ -readonly [K in keyof S]: Item<S[K]> }, void, undefined>
}

type Source = Iterator<unknown> | AsyncIterator<unknown>

async function* walk(
  inputs: readonly (Iterable<unknown> | AsyncIterable<unknown>)[],
): AsyncGenerator<unknown[], void, undefined> {
  /** What has to be closed: an iterator that has ended or thrown needs no closing, one that is taking a step closes after it. */
  const open = new Set<Source>()
  let leaving = false
  const step = async (source: Source): Promise<IteratorResult<unknown>> => {
    open.delete(source)
    const result = await source.next()
    if (result.done === true) return result
    if (leaving) await source.return?.()
    else open.add(source)
    return result
  }
  try {
    const sources: Source[] = []
    for (const input of inputs) {
      const source = Symbol.asyncIterator in input ? input[Symbol.asyncIterator]() : input[Symbol.iterator]()
      open.add(source)
      sources.push(source)
    }
    while (sources.length > 0) {
      const steps = await Promise.all(sources.map(step))
      if (steps.some(each => each.done)) return
      yield steps.map(each => each.value)
    }
  } finally {
    leaving = true
    await Promise.all([...open].map(async source => await source.return?.()))
  }
}
