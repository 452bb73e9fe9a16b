import { show } from '../../base/options.ts'
import type { TaskContext, TaskPermit } from '../../task/types.ts'
import { type LimitRequest, OWN_PERMIT } from '../messages/remote-limits.ts'

/** For calls that have nothing to ask for. */
export async function refuseRequest(request: unknown): Promise<never> {
  throw new TypeError(`a worker asked for what nobody knows: ${show(request)}`)
}

/** Answers what one call asks about the limits of its task, and gives back what it left behind. */
export class LimitsServer {
  readonly #task: TaskContext
  /** What the call holds. */
  readonly #permits = new Map<number, TaskPermit>()
  #last = 0
  #closed = false

  constructor(task: TaskContext) {
    this.#task = task
  }

  readonly answer = async (request: unknown): Promise<unknown> => {
    const asked = Object(request) as LimitRequest
    switch (asked.limits) {
      case 'acquire':
        return this.#acquire(asked)
      case 'update':
        return this.#permit(asked.permit)?.update(asked.amounts)
      case 'release':
        return this.#release(asked.permit)
      default:
        return refuseRequest(request)
    }
  }

  async #acquire({ amounts, options }: Extract<LimitRequest, { limits: 'acquire' }>): Promise<number> {
    const { limits, signal } = this.#task
    const permit = await limits.acquire(amounts, { ...options, signal } as typeof options)
    this.#last += 1
    this.#permits.set(this.#last, permit)
    if (this.#closed) permit.release()
    return this.#last
  }

  #permit(id: number): TaskPermit | undefined {
    return id === OWN_PERMIT ? this.#task.permit : this.#permits.get(id)
  }

  #release(id: number): void | Promise<void> {
    const permit = this.#permit(id)
    this.#permits.delete(id)
    return permit?.release()
  }

  /** The call is over, however it ended. */
  close(): void {
    this.#closed = true
    for (const permit of this.#permits.values()) permit.release()
  }
}
