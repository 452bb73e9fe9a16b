/**
 * Virtual time, gates, and every interleaving.
 *
 * @module taskscope/testing
 */

/** Tools for testing code that uses taskscope: time that jumps, gates instead of sleeps, and every interleaving. */
export { LivelockError, ScheduleError } from './testing/errors.ts'
export { type ExploreOptions, exploreAll, type Park } from './testing/explore-all.ts'
export { createGate, type Gate } from './testing/gate.ts'
export { type RunVirtualOptions, runVirtual, type VirtualRun } from './testing/run-virtual.ts'
export { settle } from './testing/settle.ts'
