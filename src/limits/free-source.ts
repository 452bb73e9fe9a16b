import { amount, requiredObject } from '../base/options.ts'
import { type Demand, NOT_WAITING } from './acquire/demand.ts'
import type { Amounts, LimitPermit } from './types.ts'

/** A permit of nothing. */
class FreePermit implements LimitPermit {
  released = false

  update(amounts: Amounts): void {
    checkAmounts(amounts)
  }

  settle(amounts: Amounts): void {
    checkAmounts(amounts)
  }

  release(): void {
    this.released = true
  }

  putBack(): void {
    this.release()
  }

  postpone(): void {}

  begin(): void {}

  holds(): number {
    return 0
  }

  [Symbol.dispose](): void {
    this.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release()
  }
}

const FREE: Demand<LimitPermit> = {
  immediate: true,
  take: () => new FreePermit(),
  request(granted) {
    granted(new FreePermit())
    return NOT_WAITING
  },
  whenRoom(told) {
    told()
    return NOT_WAITING
  },
  exceeds: () => undefined,
}

/** Where nothing is limited: whatever is asked for is there. */
export function freeDemand(amounts?: Amounts): Demand<LimitPermit> {
  if (amounts !== undefined) checkAmounts(amounts)
  return FREE
}

function checkAmounts(amounts: Amounts): void {
  for (const [key, value] of Object.entries(requiredObject('amounts', amounts))) {
    amount(key, value, 0, Number.POSITIVE_INFINITY)
  }
}
