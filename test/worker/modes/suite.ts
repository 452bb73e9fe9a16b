import { describe } from 'vitest'
import type { WorkerMode, WorkerOptions } from '../../../src/worker.ts'
import { describeCalls } from './calls.ts'
import { describeClosing } from './closing.ts'
import { describeContext } from './context.ts'
import { describeFailures } from './failures.ts'
import { describeHandles } from './handles.ts'
import { describeMaps } from './maps.ts'
import { type MakeWorker, prepareMode } from './mode.ts'
import { describePolicies } from './policies.ts'
import { describeStopping } from './stopping.ts'
import { describeStreams } from './streams.ts'

/** The one suite that every mode passes. `make` starts a worker in that mode for the functions of the fixture. */
export function describeMode(name: WorkerMode, make: MakeWorker, where?: WorkerOptions): void {
  describe(`in the mode ${name}`, () => {
    const mode = prepareMode(name, make, where)
    describeCalls(mode)
    describeFailures(mode)
    describeStopping(mode)
    describePolicies(mode)
    describeContext(mode)
    describeHandles(mode)
    describeMaps(mode)
    describeStreams(mode)
    describeClosing(mode)
  })
}
