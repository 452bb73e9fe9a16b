import { TaskManager } from '../../src/index.ts'
import { settle } from '../../src/testing.ts'

/** Every ninth task is of each of these kinds: they leave different things behind, were any of them left. */
function spawnOne(manager: TaskManager, index: number, never: AbortSignal): void {
  const captured = new Array(8).fill(index)
  const kind = index % 9
  if (kind === 0) manager.spawn(() => captured)
  else if (kind === 1) manager.spawn(async () => captured, { timeout: 60_000 })
  else if (kind === 2) manager.spawn(async () => captured, { deadline: 60_000, priority: index % 4 })
  else if (kind === 3) manager.spawn(async () => captured, { signal: never })
  else if (kind === 4) manager.spawn(() => Promise.reject(captured)).catch(() => {})
  else if (kind === 5) manager.spawn(() => Promise.reject(new Error('unobserved', { cause: captured })))
  else if (kind === 6) manager.spawn(() => captured).cancel()
  else if (kind === 7) manager.spawn(async ({ signal }) => [signal, captured]).then(() => {})
  else void manager.spawn(() => captured).record()
}

/** The heap in use once everything that can be collected is. */
export async function heapInUse(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc')
  for (let round = 0; round < 4; round += 1) {
    await settle()
    globalThis.gc()
  }
  return process.memoryUsage().heapUsed
}

/**
 * Sends `waves` waves of `size` tasks of every kind through one manager, and one in a hundred times as many operations.
 * Returns the heap in use after each wave, in bytes.
 */
export async function heapAfterWaves(waves: number, size: number): Promise<number[]> {
  const never = new AbortController().signal
  const manager = await TaskManager.start({ maxTasks: 50, onError() {} })
  const heap: number[] = []
  for (let wave = 0; wave < waves; wave += 1) {
    for (let index = 0; index < size; index += 1) spawnOne(manager, index, never)
    for (let index = 0; index < size / 100; index += 1)
      manager.spawn(function* () {
        return index
      })
    await manager.drain()
    heap.push(await heapInUse())
  }
  await manager.close()
  return heap
}
