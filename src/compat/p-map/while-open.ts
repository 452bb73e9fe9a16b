import { openSource, type Source } from '../../base/source.ts'
import { isThenable, settled } from '../../base/thenable.ts'
import type { Input } from './types.ts'

const DONE = { done: true, value: undefined } as const

/** The same input, closed instead of asked for more once it is not `open` any more. */
export function whileOpen<I>(input: Input<I>, open: () => boolean): Input<I> {
  const iterate = () => {
    const source = openSource(input as Iterable<I>)
    return { next: () => (open() ? source.next() : closed(source)), return: () => closed(source) }
  }
  const kind = Symbol.asyncIterator in Object(input) ? Symbol.asyncIterator : Symbol.iterator
  return { [kind]: iterate } as unknown as Input<I>
}

function closed(source: Source<unknown>): typeof DONE | Promise<typeof DONE> {
  const closing = source.return?.()
  return isThenable(closing) ? settled(closing).then(() => DONE) : DONE
}
