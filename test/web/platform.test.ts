import { createHistogram } from 'node:perf_hooks'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as node from '../../src/base/platform.ts'
import type { Scheduler } from '../../src/scheduler/scheduler.ts'
import { Histogram } from '../../src/web/histogram.ts'
import { makeEngine } from '../../src/web/make-engine.ts'
import * as web from '../../src/web/platform.ts'
import type { WorkerSettings } from '../../src/worker/worker-settings.ts'
import { runs } from '../fuzz/runs.ts'

describe('what browsers have in place of Node', () => {
  it('has everything that the core takes from Node', () => {
    expect(Object.keys(web).sort()).toEqual(Object.keys(node).sort())
  })

  it('strips what Node strips from a text', () => {
    const text = 'a\u001B[31mred\u001B[0m \u001B[2Kline\u001B[1;32mb\u009B3A'
    expect(web.stripControlSequences(text)).toBe(node.stripControlSequences(text))
    expect(web.stripControlSequences(text)).toBe('ared lineb')
  })

  it('follows async contexts where there is an AsyncLocalStorage', async () => {
    const storage = new web.AsyncLocalStorage<string>()
    const context = storage.run('kept', () => web.captureContext())
    const seen = context.runInAsyncScope(() => storage.getStore())
    expect([
      web.FOLLOWS_CONTEXTS,
      seen,
      storage.run('inside', () => web.outsideContext(() => storage.getStore())),
    ]).toEqual([true, 'kept', undefined])
  })

  it('refuses the modes that need threads, processes or a queue', () => {
    for (const mode of ['thread', 'process', 'distributed'] as const) {
      const start = () => makeEngine({ mode } as WorkerSettings, {} as Scheduler)
      expect(start).toThrow(`the mode '${mode}' needs Node`)
    }
  })
})

describe('the histogram of browsers', () => {
  it('tells percentiles as that of Node does, or too high by less than a sixtieth', () => {
    const values = fc.array(fc.integer({ min: 1, max: 100_000_000 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(values, fc.constantFrom(50, 95, 99), (values, share) => {
        const histogram = new Histogram()
        const native = createHistogram()
        for (const value of values) {
          histogram.record(value)
          native.record(value)
        }
        expect([histogram.count, histogram.max]).toEqual([native.count, Math.max(...values)])
        expect(histogram.mean).toBeCloseTo(values.reduce((sum, value) => sum + value) / values.length, 3)
        const exact = values.toSorted((first, second) => first - second)[
          Math.ceil((values.length * share) / 100) - 1
        ] as number
        expect(histogram.percentile(share)).toBeGreaterThanOrEqual(exact)
        expect(histogram.percentile(share)).toBeLessThanOrEqual(exact * (1 + 1 / 64))
      }),
      runs(100),
    )
  })

  it('has 0 for every percentile while it is empty', () => {
    expect(new Histogram().percentile(50)).toBe(0)
  })
})
