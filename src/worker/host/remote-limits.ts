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

class RemotePermit implements TaskPermit {
  readonly #ask: Ask
  readonly #permit: number
  #released = false

  constructor(ask: Ask, permit: number) {
    this.#ask = ask
    this.#permit = permit
  }

  async update(amounts: Amounts): Promise<void> {
    if (!this.#released) await this.#ask({ limits: 'update', permit: this.#permit, amounts })
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
