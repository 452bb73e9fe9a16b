const built = new URL('../dist/index.js', import.meta.url).href

/** The built package, which is what users run, with the types of the source, which are there without a build. */
export const { perKey, resourceLimit, Semaphore, TaskManager, TaskRunner } = (await import(
  built
)) as typeof import('../src/index.ts')

const worker = new URL('../dist/worker.js', import.meta.url).href

export const { task, transfer } = (await import(worker)) as typeof import('../src/worker.ts')

const sqlite = new URL('../dist/sqlite.js', import.meta.url).href

export const { sqliteStore } = (await import(sqlite)) as typeof import('../src/sqlite.ts')

const inspector = new URL('../dist/inspector.js', import.meta.url).href

export const { inspect } = (await import(inspector)) as typeof import('../src/inspector.ts')

const otel = new URL('../dist/otel.js', import.meta.url).href

export const { instrument } = (await import(otel)) as typeof import('../src/otel.ts')
