/** What the classes that are started give their own constructors: nobody else has it. */
export const STARTING = Symbol('starting')

/** Refuses `new` from outside, which the types forbid but JavaScript does not. */
export function refuseNew(name: string, key: typeof STARTING): void {
  if (key !== STARTING)
    throw new TypeError(`a ${name} must be started: await ${name}.start(options), not new ${name}()`)
}
