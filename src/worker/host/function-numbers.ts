import type { FunctionReference } from './host.ts'

/** The numbers under which one worker knows the functions it was told about. */
export class FunctionNumbers {
  /** Most callers hold on to one reference a function: no key has to be put together for those. */
  readonly #byReference = new WeakMap<FunctionReference, number>()
  readonly #byKey = new Map<string, number>()

  /** The number of a function, and whether the worker knows it. */
  of(reference: FunctionReference): { readonly number: number; readonly known: boolean } {
    const number = this.#byReference.get(reference) ?? this.#byKey.get(keyOf(reference))
    return number === undefined ? { number: this.#byKey.size, known: false } : { number, known: true }
  }

  /** The worker has been told: only now, since a message whose arguments can't be cloned never leaves. */
  sent(reference: FunctionReference, number: number): void {
    if (this.#byReference.has(reference)) return
    this.#byReference.set(reference, number)
    this.#byKey.set(keyOf(reference), number)
  }
}

function keyOf(reference: FunctionReference): string {
  const place = reference.kind === 'module' ? reference.url : reference.source
  return `${reference.kind} ${reference.name} ${place}`
}
