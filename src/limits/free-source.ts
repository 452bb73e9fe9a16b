import { amount, requiredObject } from '../base/options.ts'
import { NOT_WAITING, type PermitSource } from './acquire/permit-source.ts'
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

  refund(): void {
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

const FREE: PermitSource<LimitPermit> = {
  immediate: true,
  tryAcquire: () => new FreePermit(),
  acquire(requester) {
    requester.granted(new FreePermit())
    return NOT_WAITING
  },
  whenRoom(told) {
    told()
    return NOT_WAITING
  },
  exceeds: () => undefined,
}

/** Where nothing is limited: whatever is asked for is there. */
export function freeSource(amounts?: Amounts): PermitSource<LimitPermit> {
  if (amounts !== undefined) checkAmounts(amounts)
  return FREE
}

function checkAmounts(amounts: Amounts): void {
  for (const [key, value] of Object.entries(requiredObject('amounts', amounts))) {
    amount(key, value, 0, Number.POSITIVE_INFINITY)
  }
}
