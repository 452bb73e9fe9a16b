import type { FunctionReference } from '../functions/refer-to.ts'

/** So many functions a worker knows: each of them stays in its memory, with its source. */
const MOST_KNOWN = 1_000

interface Known {
  readonly number: number
  readonly key: string
  /** When it was called last, counted in calls; the number is that of another function once this is `undefined`. */
  used: number | undefined
}

/**
 * The numbers under which one worker knows the functions it was told about. Beyond 1,000 a new function takes the number
 * of the one that was not called for longest, which the worker then forgets.
 */
export class FunctionNumbers {
  /** Most callers hold on to one reference a function: no key has to be put together for those. */
  readonly #byReference = new WeakMap<FunctionReference, Known>()
  readonly #byKey = new Map<string, Known>()
  #calls = 0

  /** The number of a function, and whether the worker knows it. */
  of(reference: FunctionReference): { readonly number: number; readonly known: boolean } {
    const known = this.#known(reference)
    if (known === undefined) return { number: this.#longestUnused()?.number ?? this.#byKey.size, known: false }
    known.used = ++this.#calls
    return { number: known.number, known: true }
  }

  /** The worker has been told: only now, since a message whose arguments can't be cloned never leaves. */
  sent(reference: FunctionReference, number: number): void {
    if (this.#known(reference) !== undefined) return
    const replaced = this.#longestUnused()
    if (replaced !== undefined) {
      replaced.used = undefined
      this.#byKey.delete(replaced.key)
    }
    const known = { number, key: keyOf(reference), used: ++this.#calls }
    this.#byReference.set(reference, known)
    this.#byKey.set(known.key, known)
  }

  #known(reference: FunctionReference): Known | undefined {
    const before = this.#byReference.get(reference)
    if (before?.used !== undefined) return before
    const known = this.#byKey.get(keyOf(reference))
    if (known !== undefined) this.#byReference.set(reference, known)
    return known
  }

  /** The one whose number the next function takes, once there are so many. */
  #longestUnused(): Known | undefined {
    if (this.#byKey.size < MOST_KNOWN) return undefined
    let longest: Known | undefined
    for (const known of this.#byKey.values())
      if ((known.used ?? 0) < (longest?.used ?? Number.POSITIVE_INFINITY)) longest = known
    return longest
  }
}

function keyOf(reference: FunctionReference): string {
  const place = reference.kind === 'module' ? reference.url : reference.source
  return `${reference.kind} ${reference.name} ${place}`
}
