import { HeldPermit } from '../admission/permit.ts'
import { amount, requiredObject } from '../options.ts'
import type { Amounts, LimitPermit } from './types.ts'
import { unknownKey } from './unknown-key.ts'

/** A permit whose amounts have names. */
export class NamedPermit extends HeldPermit implements LimitPermit {
  update(amounts: Amounts): void {
    const keys = this.line.supplies.map(supply => supply.key)
    const kept = [...this.amounts]
    for (const [key, value] of Object.entries(requiredObject('amounts', amounts))) {
      const index = keys.indexOf(key)
      if (index < 0) throw unknownKey(key, keys)
      kept[index] = amount(key, value, 0, kept[index] as number)
    }
    if (!this.released) this.shrink(kept)
  }
}
