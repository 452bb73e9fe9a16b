import { show } from '../base/options.ts'
import type { PermitSource, Requester, Waiting } from './acquire/permit-source.ts'
import { cannotLookOn, refuseAmounts } from './errors.ts'
import type { Amounts, ExternalLimit, LimitPermit, Releasable } from './types.ts'

/** Asks an external limit. */
export class ExternalSource implements PermitSource<LimitPermit> {
  readonly immediate = false
  readonly #limit: ExternalLimit

  constructor(limit: ExternalLimit) {
    this.#limit = limit
  }

  tryAcquire(): undefined {
    return undefined
  }

  acquire(requester: Requester<LimitPermit>): Waiting {
    let cancelled = false
    this.#acquire().then(
      permit => (cancelled ? permit.release() : requester.granted(permit)),
      error => cancelled || requester.refused(error),
    )
    return {
      cancel: () => {
        cancelled = true
      },
    }
  }

  whenRoom(): never {
    throw cannotLookOn()
  }

  /** What it counts is not known here. */
  exceeds(): undefined {
    return undefined
  }

  async #acquire(): Promise<LimitPermit> {
    const token: unknown = await this.#limit.acquire()
    const release = releaseOf(token)
    if (release === undefined) {
      throw new TypeError(
        `acquire() of an external limit must give something with release(), [Symbol.dispose]() or [Symbol.asyncDispose](), got ${show(token)}`,
      )
    }
    return new ExternalPermit(release)
  }
}

class ExternalPermit implements LimitPermit {
  readonly #release: () => unknown
  #releasing: Promise<void> | undefined

  constructor(release: () => unknown) {
    this.#release = release
  }

  get released(): boolean {
    return this.#releasing !== undefined
  }

  release(): void {
    this.#releasing ??= this.#tryRelease()
  }

  refund(): void {
    this.release()
  }

  /** When it counts is its own affair. */
  postpone(): void {}

  begin(): void {}

  holds(): number {
    return 0
  }

  update(amounts: Amounts): void {
    refuseAmounts(amounts)
  }

  settle(amounts: Amounts): void {
    refuseAmounts(amounts)
  }

  [Symbol.dispose](): void {
    this.release()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.release()
    return this.#releasing as Promise<void>
  }

  /** A failure must neither hide the error that may be on its way nor get lost. */
  async #tryRelease(): Promise<void> {
    try {
      await this.#release()
    } catch (error) {
      console.error('taskscope: an external limit failed to release its permit', error)
    }
  }
}

function releaseOf(token: unknown): (() => unknown) | undefined {
  if (token === null || (typeof token !== 'object' && typeof token !== 'function')) return undefined
  const methods = token as { [Name in Methods]?: unknown }
  for (const name of ['release', Symbol.dispose, Symbol.asyncDispose] as const) {
    const method = methods[name]
    if (typeof method === 'function') return () => method.call(token)
  }
  return undefined
}

type Methods = Releasable extends infer Each ? (Each extends unknown ? keyof Each : never) : never
