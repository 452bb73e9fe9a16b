import { randomUUID } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { cleanUp } from './clean-up.ts'
import type { TestServer } from './test-server.ts'

/** A name that no other test uses, in this run or another; none is the beginning of another one. */
export function queueName(prefix = 'test'): string {
  if (prefix.includes(':')) throw new RangeError(`the engine takes no ':' in the name of a queue, got '${prefix}'`)
  return `${prefix}-${randomUUID()}`
}

/**
 * The same for a queue on a shared server, called in a test: {@link cleanUp} when that has finished. A server of the
 * test's own needs no such thing.
 */
export function ownQueue(server: TestServer, prefix?: string): string {
  const name = queueName(prefix)
  onTestFinished(() => cleanUp(server, name))
  return name
}
