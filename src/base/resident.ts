const residents: unknown[] = []

/**
 * Keeps an object of each class that is made for every task or permit, for ever. Whenever a full collection finds no object of
 * a class, V8 throws away the code that it has optimised for it: after each idle time the next ones would run half as fast.
 *
 * Nothing else holds these objects, and nobody hears of them.
 */
export function keepResident(...objects: readonly unknown[]): void {
  residents.push(...objects)
}
