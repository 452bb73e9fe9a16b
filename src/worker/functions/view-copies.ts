import { isPlain } from '../../serialize/is-plain.ts'
import { types } from '../node.ts'

type View = NodeJS.ArrayBufferView

/**
 * Gives each view in a value its bytes to itself: structured clone carries all of the memory that a view is of, which for
 * a small `Buffer` is what thousands of others are in as well.
 */
export class ViewCopies {
  readonly #copies = new Map<unknown, View>()
  /** A part of the value that is there twice, or in itself, stays one. */
  readonly #rebuilt = new Map<object, object>()

  /** @param moved what is transferred and not cloned */
  constructor(views: Iterable<View>, moved: ReadonlySet<unknown>) {
    for (const view of views) {
      const whole = view.byteLength === view.buffer.byteLength || types.isSharedArrayBuffer(view.buffer)
      if (!whole && !moved.has(view.buffer)) this.#copies.set(view, copyOf(view))
    }
  }

  /** What goes in place of a view. */
  of(view: View): View {
    return this.#copies.get(view) ?? view
  }

  /** The value with its copies; the value itself when there are none. */
  rebuild(value: unknown): unknown {
    return this.#copies.size === 0 ? value : this.#part(value)
  }

  #part(part: unknown): unknown {
    if (typeof part !== 'object' || part === null) return part
    const known = this.#copies.get(part) ?? this.#rebuilt.get(part)
    if (known !== undefined) return known
    if (part instanceof Map) {
      const map = this.#keep(part, new Map())
      for (const [key, member] of part) map.set(this.#part(key), this.#part(member))
      return map
    }
    if (part instanceof Set) {
      const set = this.#keep(part, new Set())
      for (const member of part) set.add(this.#part(member))
      return set
    }
    if (Array.isArray(part)) return this.#members(part, this.#keep(part, new Array(part.length)))
    return isPlain(part) ? this.#members(part, this.#keep(part, {})) : part
  }

  #members(from: object, to: object): object {
    for (const [key, member] of Object.entries(from)) {
      const value = this.#part(member)
      Object.defineProperty(to, key, { value, enumerable: true, writable: true, configurable: true })
    }
    return to
  }

  #keep<T extends object>(part: object, copy: T): T {
    this.#rebuilt.set(part, copy)
    return copy
  }
}

function copyOf(view: View): View {
  const { buffer } = new Uint8Array(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
  if (types.isUint8Array(view)) return new Uint8Array(buffer)
  return new (view.constructor as new (bytes: ArrayBuffer) => View)(buffer)
}
