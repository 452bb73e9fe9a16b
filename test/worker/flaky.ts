/** Fails so often, and keeps the times of its attempts. */
export function flaky(failures: number) {
  const times: number[] = []
  const work = () => {
    times.push(Math.round(performance.now()))
    if (times.length <= failures) throw new RangeError(`attempt ${times.length}`)
    return times.length
  }
  const waits = () => times.slice(1).map((time, at) => time - (times[at] as number))
  return { work, waits }
}
