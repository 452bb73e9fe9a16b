import { now, startBackgroundTimer, type Timer } from '../base/clock.ts'

export type Pace = ReturnType<typeof pace>

/**
 * Answers news with one call of `show`, at most every `interval` milliseconds, until `stop` or news thereafter. Without
 * news there is no timer, and none keeps the process alive.
 */
export function pace(interval: number, show: () => void) {
  let timer: Timer | undefined
  let due = 0
  let shownAt = now()
  const stop = () => {
    timer?.cancel()
    timer = undefined
  }
  const fire = () => {
    stop()
    shownAt = now()
    show()
  }
  const news = () => {
    const at = now()
    if (timer === undefined) {
      due = Math.max(at, shownAt + interval)
      timer = startBackgroundTimer(due - at, fire)
      // No timer fires while synchronous work holds the thread, and that is when progress is wanted most.
    } else if (at >= due + interval) fire()
  }
  return { news, stop }
}
