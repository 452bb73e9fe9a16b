import { startTimer } from '../../base/clock.ts'

/** Waits for that, or for so many milliseconds. */
export async function withTimeout(timeout: number, ended: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = startTimer(timeout, late.resolve)
  await Promise.race([ended, late.promise])
  timer.cancel()
}
