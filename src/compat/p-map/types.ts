/** A mapper returns it to leave its result out. */
export const pMapSkip: unique symbol = Symbol('skip')

/** A mapper returns it to stop, like `break` in a loop: what comes after its item does not count. */
export const pMapStop: unique symbol = Symbol('stop')

/** What a mapper may return in place of a result. */
export type Control = typeof pMapSkip | typeof pMapStop

/** Anything to map; items may be promises. */
export type Input<I> = AsyncIterable<I | Promise<I>> | Iterable<I | Promise<I>>

/** Maps one item; `index` counts from 0. */
export type Mapper<I, R> = (item: I, index: number) => Promise<R | Control> | R | Control

/** Maps one value of an object or a `Map`. */
export type KeyedMapper<V, K, R> = (value: V, key: K) => Promise<R | Control> | R | Control

/** How many at a time, and what ends it early. */
export interface SettledOptions {
  /** How many mappers run at a time: a positive integer or `Infinity`. @default Infinity */
  readonly concurrency?: number | undefined
  /** Aborting it rejects with its reason. */
  readonly signal?: AbortSignal | undefined
}

/** The same, and what a failure does. */
export interface Options extends SettledOptions {
  /** `true`: the first failure rejects. `false`: all are tried, and an `AggregateError` has what failed, in the order of the input. @default true */
  readonly stopOnError?: boolean | undefined
}

/** How an iterable is mapped. */
export interface IterableOptions {
  /** How many mappers run at a time: a positive integer or `Infinity`. @default Infinity */
  readonly concurrency?: number | undefined
  /** How many items may be taken from the input whose results were not taken yet; at least `concurrency`. @default concurrency */
  readonly backpressure?: number | undefined
  /** `true`: results in the order of the input. `false`: as they come. @default true */
  readonly preserveOrder?: boolean | undefined
}
