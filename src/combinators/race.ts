import { type Known, knownOptions, oneOf } from '../base/options.ts'
import type { WaitOptions } from '../base/wait-timeout.ts'
import { isLimited, WAIT_OPTIONS, type WaitLimit, waitLimit, waitWithin } from '../base/wait-timeout.ts'
import type { TaskHandle } from '../task/types.ts'
import { handleList, isHandle, listAndOptions, refuseOwn, whenEnded } from './handle-list.ts'

/** What {@link race} and {@link any} do with the tasks that have not won, and how long they wait. */
export interface RaceOptions extends WaitOptions {
  /** `'cancel'`: the others are cancelled, and have stopped when the winner is given. `'keep'`: they go on. @default 'cancel' */
  readonly losers?: 'cancel' | 'keep'
}

const RACE_OPTIONS: Known<RaceOptions> = { ...WAIT_OPTIONS, losers: true }

type Several<H> = readonly [H, H, ...H[]]
type Handles = Several<TaskHandle<unknown>>

/**
 * Settles as the first task does that ends, once the others have been cancelled and their work has stopped. Of several
 * that have ended already the first in the list wins. The failures of losers count as seen. Takes a list, or two and more
 * handles written out.
 *
 * At `timeout` (`TaskTimeoutError`) or `signal` (its reason) there is no winner: all of them are losers. Rejects with
 * `RangeError` for an empty list, and with `DeadlockError` inside a task that is among them.
 *
 * ```ts
 * const page = await race(mirrors.map(url => manager.spawn(({ signal }) => fetch(url, { signal }))), { timeout: 5_000 })
 * ```
 */
export function race<T>(handles: Iterable<TaskHandle<T>>, options?: RaceOptions): Promise<T>
export function race<H extends Handles>(...handles: H): Promise<Awaited<H[number]>>
export function race<H extends Handles>(...handlesAndOptions: [...H, RaceOptions]): Promise<Awaited<H[number]>>
export async function race(...args: readonly unknown[]): Promise<unknown> {
  const { handles, options, limit } = checked('race', args)
  if (handles.length === 0) throw new RangeError('race takes at least one handle: of none, none ever ends')
  const winner = await decide(handles, options, limit, 'racing several tasks', () => true)
  return outcomeOf(handles[winner] as TaskHandle<unknown>)
}

/**
 * The result of the first task that is done, once the others have been cancelled and their work has stopped. When none is,
 * rejects with an `AggregateError` whose `errors` have the order of the handles. Otherwise like {@link race}.
 *
 * ```ts
 * const answer = await any(manager.spawn(askCache), manager.spawn(askServer))
 * ```
 */
export function any<T>(handles: Iterable<TaskHandle<T>>, options?: RaceOptions): Promise<T>
export function any<H extends Handles>(...handles: H): Promise<Awaited<H[number]>>
export function any<H extends Handles>(...handlesAndOptions: [...H, RaceOptions]): Promise<Awaited<H[number]>>
export async function any(...args: readonly unknown[]): Promise<unknown> {
  const { handles, options, limit } = checked('any', args)
  const isDone = (handle: TaskHandle<unknown>) => handle.status === 'done'
  const winner = await decide(handles, options, limit, 'waiting for any of several tasks', isDone)
  if (winner !== NONE) return outcomeOf(handles[winner] as TaskHandle<unknown>)
  throw new AggregateError(
    handles.map(handle => handle.exception()),
    handles.length === 0 ? 'there were no tasks' : 'all tasks failed or were cancelled',
  )
}

interface Checked {
  readonly handles: readonly TaskHandle<unknown>[]
  readonly options: RaceOptions
  readonly limit: WaitLimit
}

function checked(call: string, args: readonly unknown[]): Checked {
  const given = listAndOptions(call, args, isHandle)
  const handles = handleList(call, given.list as Iterable<TaskHandle<unknown>>)
  const options = knownOptions('options', given.options as RaceOptions | undefined, RACE_OPTIONS) ?? {}
  oneOf('losers', ['cancel', 'keep'], options.losers ?? 'cancel')
  return { handles, options, limit: waitLimit(options) }
}

const NONE = -1

/**
 * The index of the first that `wins`, `NONE` when all have ended without it: a handle would be taken for a promise to be
 * awaited. The losers have stopped, however this ends.
 */
async function decide(
  handles: readonly TaskHandle<unknown>[],
  { losers = 'cancel' }: RaceOptions,
  limit: WaitLimit,
  what: string,
  wins: (handle: TaskHandle<unknown>) => boolean,
): Promise<number> {
  if (!isLimited(limit)) for (const handle of handles) refuseOwn(handle)
  let stopped: Promise<unknown> | undefined
  const lose = (winner: number) => {
    const others = handles.filter((_, index) => index !== winner)
    for (const other of others) other.then(undefined, () => {})
    if (losers === 'cancel') stopped ??= Promise.all(others.map(other => other.cancel(`${what} is over`)))
  }
  try {
    const winner = handles.findIndex(handle => handle.done() && wins(handle))
    if (winner === NONE) return await next(handles, limit, what, wins, lose)
    lose(winner)
    return winner
  } finally {
    if (stopped === undefined) lose(NONE)
    await stopped
  }
}

/** Calls `won` within the end of the winner, before its slot goes to a loser that is pending. */
async function next(
  handles: readonly TaskHandle<unknown>[],
  limit: WaitLimit,
  what: string,
  wins: (handle: TaskHandle<unknown>) => boolean,
  won: (winner: number) => void,
): Promise<number> {
  let left = handles.length
  let decided = false
  if (left === 0) return NONE
  return await waitWithin<number>(limit, what, resolve => {
    const stops = handles.map((handle, index) =>
      whenEnded(handle, () => {
        left -= 1
        if (decided) return
        decided = wins(handle)
        if (decided) {
          resolve(index)
          won(index)
        } else if (left === 0) resolve(NONE)
      }),
    )
    return () => {
      for (const stop of stops) stop()
    }
  })
}

function outcomeOf(handle: TaskHandle<unknown>): unknown {
  if (handle.status === 'done') return handle.result()
  throw handle.exception()
}
