import { TaskPromise } from '../task/handle.ts'

/** The arguments once every handle among them has given its result; `undefined` when there is no handle. */
export function pendingArguments(args: readonly unknown[]): Promise<unknown[]> | undefined {
  if (!args.some(arg => arg instanceof TaskPromise)) return undefined
  // By `then`, so that the caller does not count as waiting for them: the new task does.
  return Promise.all(args.map(arg => (arg instanceof TaskPromise ? arg.then(value => value) : arg)))
}
