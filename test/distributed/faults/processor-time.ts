import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** What Linux counts in, whatever it counts with inside. */
const TICK = 10

/** Milliseconds of processor time that each of these processes takes within the next second; 0 where none can tell. */
export async function processorTimes(pids: readonly (number | undefined)[]): Promise<number[]> {
  const before = pids.map(usedBy)
  await sleep(1_000)
  return pids.map((pid, index) => usedBy(pid) - (before[index] ?? 0))
}

function usedBy(pid: number | undefined): number {
  const file = `/proc/${pid}/stat`
  if (!existsSync(file)) return 0
  const fields = readFileSync(file, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * TICK
}
