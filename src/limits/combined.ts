import { requiredObject } from '../base/options.ts'
import type { Permit } from './acquire/permit-source.ts'
import { type Excess, NOT_WAITING, type PermitSource, type Requester, type Waiting } from './acquire/permit-source.ts'
import { isKeyed } from './limit-base.ts'
import type { Amounts, LimitPermit } from './types.ts'

/**
 * Asks others for a permit, one after the other, and then the own limits, all at once. The own ones come last, since they
 * can be had at once; what has been granted while there is still something to wait for counts from the end of that.
 */
export class CombinedSource implements PermitSource<LimitPermit> {
  readonly immediate: boolean
  readonly #others: readonly PermitSource[]
  readonly #own: PermitSource<LimitPermit>

  constructor(others: readonly PermitSource[], own: PermitSource<LimitPermit>) {
    this.#others = others
    this.#own = own
    this.immediate = others.every(other => other.immediate)
  }

  exceeds(held: Permit): Excess | undefined {
    for (const source of [...this.#others, this.#own]) {
      const excess = source.exceeds(held)
      if (excess !== undefined) return excess
    }
    return undefined
  }

  tryAcquire(): LimitPermit | undefined {
    const held: Permit[] = []
    for (const other of this.#others) {
      const permit = other.tryAcquire()
      if (permit === undefined) return putAllBack(held)
      held.push(permit)
    }
    const own = this.#own.tryAcquire()
    return own === undefined ? putAllBack(held) : new CombinedPermit(own, held)
  }

  whenRoom(told: () => void): Waiting {
    let waiting = NOT_WAITING
    let cancelled = false
    const look = () => {
      if (cancelled) return
      const lacking = [...this.#others, this.#own].find(lacksRoom)
      if (lacking === undefined) told()
      // Later: the limit that tells of it is about to tell others.
      else waiting = lacking.whenRoom(() => queueMicrotask(look))
    }
    look()
    return {
      cancel: () => {
        cancelled = true
        waiting.cancel()
      },
    }
  }

  acquire(requester: Requester<LimitPermit>, priority?: number): Waiting {
    const held: Permit[] = []
    let waiting = NOT_WAITING
    const refused = (error: unknown) => {
      putAllBack(held)
      requester.refused(error)
    }
    const ask = <P extends Permit>(source: PermitSource<P>, next: (permit: P) => void) => {
      let answered = false
      const granted = (permit: P) => {
        answered = true
        waiting = NOT_WAITING
        next(permit)
      }
      const asked = source.acquire({ granted, refused }, priority)
      // Answered at once: then a request further on is being waited for already.
      if (answered) return
      waiting = asked
      for (const permit of held) permit.postpone()
    }
    const askFrom = (index: number) => {
      const other = this.#others[index]
      if (other === undefined) {
        return ask(this.#own, own => {
          for (const permit of held) permit.begin()
          requester.granted(new CombinedPermit(own, held))
        })
      }
      ask(other, permit => {
        held.push(permit)
        askFrom(index + 1)
      })
    }
    askFrom(0)
    return {
      cancel: () => {
        if (waiting === NOT_WAITING) return
        waiting.cancel()
        putAllBack(held)
      },
    }
  }
}

/** Permits that were granted together. */
class CombinedPermit implements LimitPermit {
  readonly #own: LimitPermit
  readonly #others: readonly Permit[]

  constructor(own: LimitPermit, others: readonly Permit[]) {
    this.#own = own
    this.#others = others
  }

  get released(): boolean {
    return this.#own.released
  }

  update(amounts: Amounts): void {
    for (const [permit, part] of this.#shares(amounts)) permit.update(part)
  }

  settle(amounts: Amounts): void {
    for (const [permit, part] of this.#shares(amounts)) permit.settle(part)
  }

  #shares(amounts: Amounts): readonly (readonly [permit: LimitPermit, part: Amounts])[] {
    const own = { ...requiredObject('amounts', amounts) }
    const theirs = this.#others.filter(isKeyed).filter(({ key }) => Object.hasOwn(amounts, key))
    for (const { key } of theirs) delete own[key]
    return [[this.#own, own], ...theirs.map(each => [each, { [each.key]: amounts[each.key] as number }] as const)]
  }

  release(): void {
    this.#own.release()
    releaseAll(this.#others)
  }

  refund(): void {
    this.#own.refund()
    putAllBack(this.#others)
  }

  holds(source: object): number {
    return [this.#own, ...this.#others].reduce((sum, each) => sum + each.holds(source), 0)
  }

  postpone(): void {
    for (const each of [this.#own, ...this.#others]) each.postpone()
  }

  begin(): void {
    for (const each of [this.#own, ...this.#others]) each.begin()
  }

  [Symbol.dispose](): void {
    this.release()
  }

  /** Waits until an external release that takes its time is through. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.release()
    for (const other of this.#others) await other[Symbol.asyncDispose]()
  }
}

function lacksRoom(source: PermitSource): boolean {
  const permit = source.tryAcquire()
  permit?.refund()
  return permit === undefined
}

/** What was granted on the way to something that was not. */
function putAllBack(permits: readonly Permit[]): undefined {
  for (const permit of permits.toReversed()) permit.refund()
}

/** Latest first, as they would have been given back one inside the other. */
function releaseAll(permits: readonly Permit[]): undefined {
  for (const permit of permits.toReversed()) permit.release()
}
