/** What a loop walks: an iterator of an input, sync or async. */
export type Source<I> = Iterator<I> | AsyncIterator<I>

interface WebStream<I> {
  getReader(): {
    read(): Promise<IteratorResult<I>>
    cancel(): Promise<void>
    releaseLock(): void
  }
}

interface NodeStream {
  destroy(): unknown
  pipe(): unknown
}

type Input<I> = Partial<Iterable<I> & AsyncIterable<I> & WebStream<I> & NodeStream>

/**
 * Opens an input as a loop does, except that `return` ends a stream at once. Its own iterator would wait for the item that
 * it is waiting for itself: on an idle stream, for ever.
 */
export function openSource<I>(input: Iterable<I> | AsyncIterable<I>): Source<I> {
  const { getReader, destroy, pipe } = Object(input) as Input<I>
  if (typeof getReader === 'function') return ofWebStream(input as unknown as WebStream<I>)
  const source = iteratorOf(input as Input<I>)
  if (typeof destroy !== 'function' || typeof pipe !== 'function') return source
  return ofNodeStream(input as unknown as NodeStream, source)
}

function iteratorOf<I>(input: Input<I>): Source<I> {
  return (input[Symbol.asyncIterator]?.() ?? input[Symbol.iterator]?.()) as Source<I>
}

function ofWebStream<I>(stream: WebStream<I>): AsyncIterator<I> {
  const reader = stream.getReader()
  return {
    async next() {
      const step = await reader.read()
      if (step.done === true) reader.releaseLock()
      return step
    },
    async return() {
      await reader.cancel().finally(() => reader.releaseLock())
      return { done: true, value: undefined }
    },
  }
}

function ofNodeStream<I>(stream: NodeStream, source: Source<I>): AsyncIterator<I> {
  return {
    next: async () => await source.next(),
    async return() {
      stream.destroy()
      await source.return?.()
      return { done: true, value: undefined }
    },
  }
}
