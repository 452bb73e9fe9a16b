import { afterAll, afterEach, beforeEach, vi } from 'vitest'
import { settle } from './harness.ts'

const unhandled: unknown[] = []
const note = (reason: unknown): unknown => unhandled.push(reason)
process.on('unhandledRejection', note)

beforeEach(() => {
  unhandled.length = 0
})

/** No test may leave a rejection that nobody handles: the library promises that none of its own ever is. */
afterEach(async () => {
  await settle()
  await settle()
  if (unhandled.length > 0) throw new Error('an unhandled rejection escaped', { cause: unhandled[0] })
})

/** Other files may follow in this process. */
afterAll(() => {
  vi.useRealTimers()
  process.off('unhandledRejection', note)
})
