const built = new URL('../dist/index.js', import.meta.url).href

/** The built package, which is what users run, with the types of the source, which are there without a build. */
export const { resourceLimit, Semaphore, TaskManager, TaskRunner } = (await import(
  built
)) as typeof import('../src/index.ts')

const worker = new URL('../dist/worker.js', import.meta.url).href

export const { task, transfer } = (await import(worker)) as typeof import('../src/worker/index.ts')

const sqlite = new URL('../dist/sqlite.js', import.meta.url).href

export const { sqliteStore } = (await import(sqlite)) as typeof import('../src/sqlite.ts')

/**
 * A full collection takes the hidden classes of which no object is left, and with them all code that was optimised for
 * them. A process that uses the library has a manager and now and then a task alive whenever that happens: so has this.
 */
const manager = await TaskManager.start()
export const resident = manager.spawn(() => new Promise<void>(() => {}))
