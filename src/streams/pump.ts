import { isRealTime, now } from '../base/clock.ts'
import { followSignal } from '../base/follow-signal.ts'
import { show } from '../base/options.ts'
import { afterTurn } from '../base/platform.ts'
import { openSource, type Source } from '../base/source.ts'
import { isThenable, settled } from '../base/thenable.ts'
import type { ItemSink } from './credits.ts'

/** Milliseconds after which a producer that never waits lets the event loop have a turn; looked at every so many items. */
const SLICE = 10
const LOOK = 64

/**
 * Pulls the items of what a stream's work has returned, or promised, as far as there are credits. Settles when the producer
 * has stopped: at its end, with what it threw, or with the reason of the signal once it is closed.
 *
 * Told to stop, it is closed at once. A generator runs its `finally` after the step that it is in; the `return` of another
 * iterator may end that step. One that has no `return` has stopped with its step.
 */
export async function pump(items: unknown, sink: ItemSink, signal: AbortSignal): Promise<void> {
  const source = sourceOf(isThenable(items) ? await settled(items) : items)
  const { credits } = sink
  let step: PromiseLike<unknown> | undefined
  const close = async (): Promise<void> => {
    if (typeof source.return === 'function') await source.return()
    else await step
  }
  const closed = Promise.withResolvers<never>()
  const pull = async (): Promise<void> => {
    let turnedAt = now()
    for (let count = 1; ; count += 1) {
      while (credits.available === 0 && !signal.aborted) await credits.granted()
      if (signal.aborted) break
      step = source.next() as PromiseLike<unknown>
      const { done, value } = answerOf(await step)
      if (done && !signal.aborted) return
      if (done) break
      credits.use()
      try {
        sink.put(value)
      } catch (error) {
        await close().catch(() => {})
        throw error
      }
      if (count % LOOK !== 0 || now() - turnedAt < SLICE || !isRealTime()) continue
      await new Promise<void>(go => void afterTurn(go))
      turnedAt = now()
    }
    await closed.promise
  }
  const unfollow = followSignal(signal, reason => {
    credits.wake()
    close().then(() => closed.reject(reason), closed.reject)
  })
  try {
    await Promise.race([pull(), closed.promise])
  } finally {
    unfollow()
  }
}

function sourceOf(items: unknown): Source<unknown> {
  const { [Symbol.asyncIterator]: iterate, getReader } = Object(items) as Partial<AsyncIterable<unknown>> & {
    getReader?: unknown
  }
  if (typeof iterate === 'function' || typeof getReader === 'function') {
    const source: unknown = openSource(items as AsyncIterable<unknown>)
    if (typeof (Object(source) as Source<unknown>).next === 'function') return source as Source<unknown>
    throw new TypeError(`the async iterator of a stream must have a method next, got ${show(source)}`)
  }
  const remedy =
    typeof Object(items)[Symbol.iterator] === 'function'
      ? ': write async function* () { yield* items }, as a generator without async is an operation'
      : ''
  throw new TypeError(`the work of a stream must return an async iterable, got ${show(items)}${remedy}`)
}

function answerOf(step: unknown): { readonly done: boolean; readonly value: unknown } {
  if (typeof step !== 'object' || step === null) {
    throw new TypeError(`the next of an async iterator must give an object, got ${show(step)}`)
  }
  const { done } = step as IteratorResult<unknown>
  return done ? { done: true, value: undefined } : { done: false, value: (step as IteratorResult<unknown>).value }
}
