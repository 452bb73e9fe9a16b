import { ensure, type Operation, resource, suspend, until } from 'effection'
import type { TaskContext, Work } from '../../src/index.ts'
import type { Script } from './plan.ts'

/** What the body of a task tells its watcher. */
export interface Observer {
  /** The work was called. */
  called(): void
  /** The work really began: right after the call, or at the first step of an operation. */
  began(): void
  /** Nothing of the work runs any more. */
  stopped(): void
  /** The body, or the cleanup, threw an error of its own. */
  threw(where: 'body' | 'cleanup', error: Error): void
}

const never = () => new Promise<never>(() => {})

/** Turns a script into work whose every pause goes through `pause`. */
export function workOf(
  script: Script,
  result: unknown,
  pause: (label: string) => Promise<void>,
  watch: Observer,
): Work<unknown> {
  const fail = (where: 'body' | 'cleanup') => {
    const error = new Error(`the ${where} failed`)
    watch.threw(where, error)
    return error
  }
  const end = () => {
    if (script.ends === 'throws') throw fail('body')
    return result
  }
  const cleanUp = async () => {
    for (let step = 1; step <= script.cleanup; step += 1) await pause(`cleanup ${step}`)
    if (script.cleanupEnds === 'never') await never()
  }
  const endCleanup = () => {
    if (script.cleanupEnds === 'throws') throw fail('cleanup')
  }

  const value = () => {
    watch.began()
    try {
      return end()
    } finally {
      watch.stopped()
    }
  }

  const deaf = async () => {
    watch.began()
    try {
      for (let step = 1; step <= script.steps; step += 1) await pause(`step ${step}`)
      if (script.ends === 'never') await never()
      return end()
    } finally {
      watch.stopped()
    }
  }

  const listens = async ({ signal }: TaskContext) => {
    watch.began()
    const aborted = new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason)
      signal.addEventListener('abort', () => reject(signal.reason))
    })
    aborted.catch(() => {})
    try {
      for (let step = 1; step <= script.steps; step += 1) await Promise.race([pause(`step ${step}`), aborted])
      if (script.ends === 'never') await aborted
      return end()
    } catch (error) {
      if (error !== signal.reason) throw error
      await cleanUp()
      endCleanup()
      throw error
    } finally {
      watch.stopped()
    }
  }

  const cleaning = ensure(function* () {
    try {
      yield* until(cleanUp())
      endCleanup()
    } finally {
      watch.stopped()
    }
  })

  const steps = function* (): Operation<unknown> {
    for (let step = 1; step <= script.steps; step += 1) yield* until(pause(`step ${step}`))
    if (script.ends === 'never') yield* suspend()
    return end()
  }

  const operation = function* (): Operation<unknown> {
    watch.began()
    yield* cleaning
    return yield* steps()
  }

  const nested = function* (): Operation<unknown> {
    watch.began()
    yield* resource<void>(function* (provide) {
      yield* cleaning
      yield* provide()
    })
    return yield* steps()
  }

  const works = { value, deaf, listens, operation, nested }
  return task => {
    watch.called()
    return works[script.kind](task)
  }
}
