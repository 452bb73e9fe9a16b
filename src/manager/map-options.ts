import type { Limits } from '../limits/types.ts'
import type { Progress } from '../progress/types.ts'
import type { KeyOptions } from '../task/entry/entry-settings.ts'
import type { SpawnOptions } from '../task/spawn-settings.ts'
import type { TaskContext } from '../task/types.ts'

/** How {@link TaskManager.map} runs, over items that are an `I`: the options of each task, and of the whole. */
export interface MapOptions<R = unknown, I = never>
  extends Omit<SpawnOptions<R>, 'startNow' | 'limits' | keyof KeyOptions> {
  /**
   * What each attempt needs before it takes a slot, or a function of the item that says it, as with `perKey`; `undefined`:
   * nothing. What that throws ends the loop.
   */
  readonly limits?: Limits | ((item: I) => Limits | undefined)
  /** How many items may be started or finished ahead of the loop that takes the results. @default maxTasks */
  readonly buffer?: number
  /** `true`: results in the order of the input. `false`: as they finish. @default true */
  readonly ordered?: boolean
  /**
   * `'throw'`: the first failure in time ends the loop and cancels the rest. `'collect'`: an error takes its result's place,
   * and `entries()` tells which item it is of. `'settle'`: each item gives a {@link MapSettled}, which tells returned errors
   * from thrown ones. @default 'throw'
   */
  readonly onError?: 'throw' | 'collect' | 'settle'
  /**
   * `true`: a bar or lines on stderr; options for them; a function that is told after each item; a reporter of your own.
   * The total is told when the input has a known length. @default false
   */
  readonly progress?: Progress
}

/** Maps one item, as any work; `index` counts from 0. */
export type MapFunction<I, R> = (item: I, task: TaskContext, index: number) => R

/** How one item of a map ended, and which, counted from 0. */
export type MapSettled<O> =
  | { readonly status: 'fulfilled'; readonly value: O; readonly index: number }
  | { readonly status: 'rejected'; readonly reason: unknown; readonly index: number }

/** The results of a `map`: a loop over them drives it, and leaving the loop cancels what it started. */
export interface MapResults<O> extends AsyncIterable<O> {
  /** Starts the run. */
  [Symbol.asyncIterator](): AsyncIterableIterator<O>
  /**
   * Starts a run too, and gives with each result, or error that takes its place, the index of its item, counted from 0.
   *
   * ```ts
   * for await (const [index, page] of manager.map(urls, load, { onError: 'collect', ordered: false }).entries())
   *   if (page instanceof Error) console.error(urls[index], page.message)
   * ```
   */
  entries(): AsyncIterableIterator<[index: number, result: O]>
  /** Runs to the end and returns all results. */
  toArray(): Promise<O[]>
}
