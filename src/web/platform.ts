import type { AsyncLocalStorage as NodeStorage } from 'node:async_hooks'
import { attempt } from '../base/attempt.ts'
import type { AsyncContext } from '../base/platform.ts'
import { Histogram } from './histogram.ts'

/**
 * What `src/base/platform.ts` is on Node, for browsers and edge runtimes: nothing is imported, and what is not there is done
 * without. Where there is no AsyncLocalStorage nothing is told of the task that runs: `currentTask()` throws, and a task that
 * waits for itself is not found out.
 */

type StorageClass = Pick<typeof NodeStorage, 'snapshot'> & (new <T>() => Pick<NodeStorage<T>, 'getStore' | 'run'>)

const Found: StorageClass | undefined =
  (globalThis as { readonly AsyncLocalStorage?: StorageClass }).AsyncLocalStorage ?? attempt(ofNode)

/** Some edge runtimes have modules of Node behind a flag. Others throw when they are asked for them. */
function ofNode(): StorageClass | undefined {
  const { process } = globalThis as { readonly process?: Partial<NodeJS.Process> }
  return process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage
}

class NoStorage<T> {
  getStore(): T | undefined {
    return undefined
  }

  run<A extends unknown[], R>(_: T, run: (...args: A) => R, ...args: A): R {
    return run(...args)
  }

  static snapshot() {
    return <A extends unknown[], R>(run: (...args: A) => R, ...args: A): R => run(...args)
  }
}

export const AsyncLocalStorage: StorageClass = Found ?? NoStorage

/** Whether async contexts are followed. */
export const FOLLOWS_CONTEXTS: boolean = Found !== undefined

const NOWHERE: AsyncContext = { runInAsyncScope: (run, self, ...args) => Reflect.apply(run, self, args) as never }

export function captureContext(): AsyncContext {
  if (Found === undefined) return NOWHERE
  const within = Found.snapshot()
  return { runInAsyncScope: (run, self, ...args) => within(() => Reflect.apply(run, self, args)) as never }
}

const OUTSIDE = captureContext()

export function outsideContext<T>(run: () => T): T {
  return OUTSIDE.runInAsyncScope(run)
}

export function runEntered<T, A, B, R>(
  storage: Pick<NodeStorage<T>, 'run'>,
  value: T,
  run: (first: A, second: B) => R,
  first: A,
  second: B,
): R {
  return storage.run(value, run, first, second)
}

export const HAS_CHANNELS = false

/** Nobody says anything. */
export function subscribe(): void {}

export function unsubscribe(): boolean {
  return false
}

const NO_CHANNEL = { hasSubscribers: false, publish() {} }

export function channel(): typeof NO_CHANNEL {
  return NO_CHANNEL
}

export function tracingChannel(): typeof NO_CHANNEL {
  return NO_CHANNEL
}

export function createHistogram(): Histogram {
  return new Histogram()
}

export function availableParallelism(): number {
  return globalThis.navigator?.hardwareConcurrency ?? 1
}

export function stripControlSequences(text: string): string {
  return text.replace(CONTROL_SEQUENCE, '')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what they begin with
const CONTROL_SEQUENCE = /[\u001B\u009B][[\]()#;?]*(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PR-TZcf-nq-uy=><~]/g

export const TRACES_UNCAUGHT = false

/** There is no end of the process that could be heard of. */
export function onNothingLeft(): () => void {
  return () => {}
}

const waiting: (() => void)[] = []
let post: (() => void) | undefined

/** By messages: timers wait for 4 ms once they are nested, and for a second in a page that nobody sees. */
export function afterTurn(go: () => void): void {
  waiting.push(go)
  post ??= attempt(postMessages) ?? (() => setTimeout(next))
  post()
}

function next(): void {
  waiting.shift()?.()
}

/** Where there are none, as on some edge runtimes, it throws. */
function postMessages(): () => void {
  const { port1, port2 } = new MessageChannel()
  port1.addEventListener('message', next)
  port1.start()
  return () => port2.postMessage(undefined)
}
