import { isLimited, type WaitLimit, waitWithin } from '../base/wait-timeout.ts'

/** Who waits for a change. Each is told once, and may leave before. */
export class Waiters {
  #waiting = new Set<() => void>()
  /** Looked at after every start and end, so not behind a getter. */
  size = 0

  /** Returns what takes it out again. */
  add(tell: () => void): () => void {
    const entry = () => tell()
    const waiting = this.#waiting.add(entry)
    this.size += 1
    return () => {
      if (waiting.delete(entry) && waiting === this.#waiting) this.size -= 1
    }
  }

  tell(): void {
    const waiting = this.#waiting
    this.#waiting = new Set()
    this.size = 0
    for (const tell of waiting) tell()
  }
}

/** A scheduler that is waited for. */
interface Awaited {
  readonly settings: { readonly name: string }
  readonly counts: { readonly pending: number }
  readonly idle: boolean
  readonly idleWaiters: Waiters
  readonly pendingWaiters: Waiters
  whenIdle(): Promise<void>
}

/** Waits until nothing is pending, running or holding a slot, tasks spawned meanwhile included. */
export async function untilIdle(scheduler: Awaited, limit: WaitLimit): Promise<void> {
  if (isLimited(limit)) {
    const { name } = scheduler.settings
    return await untilTrue(() => scheduler.idle, scheduler.idleWaiters, `draining ${name}, which goes on,`, limit)
  }
  do await scheduler.whenIdle()
  while (!scheduler.idle)
}

/** Waits until fewer than `count` tasks are pending. */
export function untilPendingBelow(scheduler: Awaited, count: number, limit: WaitLimit): Promise<void> {
  const what = `waiting for fewer than ${count} pending tasks`
  return untilTrue(() => scheduler.counts.pending < count, scheduler.pendingWaiters, what, limit)
}

/** Looks a microtask after each change, when those who reacted to it themselves have done so. */
async function untilTrue(isTrue: () => boolean, waiters: Waiters, what: string, limit: WaitLimit): Promise<void> {
  await waitWithin<void>(limit, what, resolve => {
    let over = false
    let leave = () => {}
    const look = () => {
      if (over) return
      if (isTrue()) resolve()
      else leave = waiters.add(() => queueMicrotask(look))
    }
    look()
    return () => {
      over = true
      leave()
    }
  })
}
