const built = new URL('../dist/index.js', import.meta.url).href

/** The built package, which is what users run, with the types of the source, which are there without a build. */
export const { resourceLimit, Semaphore, TaskManager } = (await import(built)) as typeof import('../src/index.ts')
