import { afterAll, afterEach, beforeEach, expect, vi } from 'vitest'
import { settle } from './harness.ts'

const { setTimeout, clearTimeout } = globalThis
// Makes vitest's clock now, from the Date of the machine: made within a virtual one it would build on that for good.
vi.isFakeTimers()
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

/** Other files may follow in this process, and calls in it would never be over with the timers of a clock that has gone. */
afterAll(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  const left = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout }
  Object.assign(globalThis, { setTimeout, clearTimeout })
  expect(left, 'the timers that a file of tests leaves').toEqual({ setTimeout, clearTimeout })
  process.off('unhandledRejection', note)
})
