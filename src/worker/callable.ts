interface Submitting {
  submit(...args: readonly unknown[]): unknown
}

/** A base class whose objects can be called like a function, which submits. */
export const Callable = function Callable(): Submitting {
  const self: Submitting = Object.setPrototypeOf(
    (...args: readonly unknown[]) => self.submit(...args),
    new.target?.prototype as object,
  )
  return self
} as unknown as abstract new () => object
