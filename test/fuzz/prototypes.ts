import { expect } from 'vitest'

const WATCHED = [Object, Array, Function, Error, TypeError, Promise, Map, String].map(
  ({ prototype }) => prototype as object,
)

function everything(): unknown[] {
  return WATCHED.map(prototype =>
    Reflect.ownKeys(prototype).map(key => Object.getOwnPropertyDescriptor(prototype, key)),
  )
}

/** A check that nothing of the built-in prototypes has changed since. */
export function watchPrototypes(): () => void {
  const before = everything()
  return () => expect(everything()).toEqual(before)
}
