import { amount, requiredObject } from '../../base/options.ts'
import type { Amounts } from '../../limits/types.ts'
import type { TaskLimitOptions, TaskLimits, TaskPermit } from '../../task/types.ts'

/** What a worker asks of its caller's side about limits. */
export type LimitRequest =
  | {
      readonly limits: 'acquire'
      readonly amounts: Amounts | undefined
      readonly options: TaskLimitOptions | undefined
    }
  | { readonly limits: 'update'; readonly permit: number; readonly amounts: Amounts }
  | { readonly limits: 'release'; readonly permit: number }

type Ask = (request: LimitRequest) => Promise<unknown>

/** Stands for the permit that was taken for the task; those that its function acquires count from 1. */
export const OWN_PERMIT = 0

/** The limits of a task that runs here, which live on its caller's side. */
export class RemoteLimits implements TaskLimits {
  readonly #ask: Ask

  constructor(ask: Ask) {
    this.#ask = ask
  }

  async acquire(amounts?: Amounts, options?: TaskLimitOptions): Promise<TaskPermit> {
    const permit = (await this.#ask({ limits: 'acquire', amounts, options })) as number
    return new RemotePermit(this.#ask, permit)
  }
}

/** A permit that is held on the caller's side. */
export class RemotePermit implements TaskPermit {
  readonly #ask: Ask
  readonly #permit: number
  readonly member: number | undefined
  #released = false

  constructor(ask: Ask, permit: number, member?: number) {
    this.#ask = ask
    this.#permit = permit
    this.member = member
  }

  async update(amounts: Amounts): Promise<void> {
    if (this.#released && this.#permit !== OWN_PERMIT) {
      throw new TypeError('the permit was released: update it before, within the block that has it by `using`')
    }
    await this.#ask({ limits: 'update', permit: this.#permit, amounts })
  }

  async release(): Promise<void> {
    if (this.#released) return
    this.#released = true
    // A task that is over has given back everything already.
    await this.#ask({ limits: 'release', permit: this.#permit }).catch(() => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }
}

/** For a task that was given no limits: whatever is asked for is there, and nobody has to be asked. */
export const NO_LIMITS: TaskLimits = {
  async acquire(amounts = {}) {
    checkAmounts(amounts)
    return NO_PERMIT
  },
}

/** What was taken for such a task. */
export const NO_PERMIT: TaskPermit = {
  async update(amounts) {
    checkAmounts(amounts)
  },
  async release() {},
  async [Symbol.asyncDispose]() {},
}

function checkAmounts(amounts: Amounts): void {
  for (const [key, value] of Object.entries(requiredObject('amounts', amounts))) {
    amount(key, value, 0, Number.POSITIVE_INFINITY)
  }
}
