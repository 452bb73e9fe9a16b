import { afterEach, beforeEach } from 'vitest'
import { settle } from './harness.ts'

const unhandled: unknown[] = []
process.on('unhandledRejection', reason => unhandled.push(reason))

beforeEach(() => {
  unhandled.length = 0
})

/** No test may leave a rejection that nobody handles: the library promises that none of its own ever is. */
afterEach(async () => {
  await settle()
  await settle()
  if (unhandled.length > 0) throw new Error('an unhandled rejection escaped', { cause: unhandled[0] })
})
