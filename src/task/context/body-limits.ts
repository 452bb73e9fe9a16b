import { requiredObject } from '../../base/options.ts'
import { Acquisition } from '../../limits/acquire/acquisition.ts'
import type { PermitSource } from '../../limits/acquire/permit-source.ts'
import { freeSource } from '../../limits/free-source.ts'
import { isOnly } from '../../limits/limit-base.ts'
import { permitSourceOf } from '../../limits/permit-source-of.ts'
import type { Amounts, LimitAcquireOptions, LimitPermit, Limits } from '../../limits/types.ts'
import { type CurrentTask, currentTask } from '../current.ts'
import type { SpawnSettings } from '../spawn-settings.ts'
import type { TaskLimits, TaskPermit } from '../types.ts'

/** A task that has limits, or none. */
interface LimitedTask extends CurrentTask {
  readonly settings: Pick<SpawnSettings, 'limits'>
}

/** The limits of a task as the body of one attempt has them: what that forgets comes back when it has stopped. */
export class BodyLimits implements TaskLimits {
  readonly #task: LimitedTask
  readonly #permits = new Set<LimitPermit>()
  #sweepAt = 16
  #closed = false

  constructor(task: LimitedTask) {
    this.#task = task
  }

  acquire(amounts?: Amounts, options?: LimitAcquireOptions): Acquisition<LimitPermit> {
    const { limits } = this.#task.settings
    const only = isOnly(options)
    const source = limits === undefined ? freeSource(amounts) : permitSourceOf(limits, amounts, only)
    return currentTask.run(this.#task, () => new Acquisition(this.#kept(source), options))
  }

  close(): void {
    this.#closed = true
    for (const permit of this.#permits) permit.release()
    this.#permits.clear()
  }

  #kept(source: PermitSource<LimitPermit>): PermitSource<LimitPermit> {
    return {
      immediate: source.immediate,
      tryAcquire: () => source.tryAcquire(),
      acquire: (requester, priority) => {
        const granted = (permit: LimitPermit) => {
          this.#keep(permit)
          requester.granted(permit)
        }
        return source.acquire({ granted, refused: error => requester.refused(error) }, priority)
      },
      whenRoom: told => source.whenRoom(told),
      exceeds: held => source.exceeds(held),
    }
  }

  #keep(permit: LimitPermit): void {
    if (this.#closed) return permit.release()
    this.#permits.add(permit)
    if (this.#permits.size < this.#sweepAt) return
    for (const each of this.#permits) if (each.released) this.#permits.delete(each)
    this.#sweepAt = Math.max(16, this.#permits.size * 2)
  }
}

/** What was taken for a task, as its body has it. */
export class BodyPermit implements TaskPermit {
  readonly #permit: LimitPermit | undefined

  constructor(permit: LimitPermit | undefined) {
    this.#permit = permit
  }

  get member(): number | undefined {
    return this.#permit?.member
  }

  get limit(): Limits | undefined {
    return this.#permit?.limit
  }

  update(amounts: Amounts): void {
    requiredObject('amounts', amounts)
    this.#permit?.settle(amounts)
  }

  release(): void {
    this.#permit?.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release()
  }
}
