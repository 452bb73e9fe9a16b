/** Tools for testing code that uses taskscope: time that jumps, gates instead of sleeps, and every interleaving. */
export { LivelockError, ScheduleError } from './errors.ts'
export { type ExploreOptions, exploreAll, type Park } from './explore-all.ts'
export { createGate, type Gate } from './gate.ts'
export { type RunVirtualOptions, runVirtual, type VirtualRun } from './run-virtual.ts'
export { settle } from './settle.ts'
