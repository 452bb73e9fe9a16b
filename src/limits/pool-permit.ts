import type { Amounts, LimitPermit, Limits } from './types.ts'

/** A permit of one member of a pool, which says of which. */
export class PoolPermit implements LimitPermit {
  readonly member: number
  readonly limit: Limits
  readonly #permit: LimitPermit

  constructor(permit: LimitPermit, member: number, limit: Limits) {
    this.#permit = permit
    this.member = member
    this.limit = limit
  }

  get released(): boolean {
    return this.#permit.released
  }

  update(amounts: Amounts): void {
    this.#permit.update(amounts)
  }

  settle(amounts: Amounts): void {
    this.#permit.settle(amounts)
  }

  release(): void {
    this.#permit.release()
  }

  refund(): void {
    this.#permit.refund()
  }

  postpone(): void {
    this.#permit.postpone()
  }

  begin(): void {
    this.#permit.begin()
  }

  holds(source: object): number {
    return this.#permit.holds(source)
  }

  [Symbol.dispose](): void {
    this.#permit.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#permit[Symbol.asyncDispose]()
  }
}
