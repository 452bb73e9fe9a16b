import fc from 'fast-check'
import { expect, it } from 'vitest'
import face from '../../../src/compat/p-limit.ts'
import { describeOriginal, expectSame, original, play, programs, Stage, type Step } from './program.ts'

const FILE = 'p-limit/index.js'
const CALLS = ['call', 'call', 'end', 'map', 'clear', 'limit'] as const

async function run(make: typeof face, steps: readonly Step<(typeof CALLS)[number]>[], options: object) {
  const limit = make({ concurrency: 1, ...options })
  const stage = new Stage()
  return play(
    steps,
    ({ call, n, m, ok }, _, index) => {
      if (call === 'call')
        stage.watch(
          `call ${index}`,
          limit((id: string) => stage.work(id), `work ${index}`),
        )
      if (call === 'end') stage.end(n, ok)
      if (call === 'map') {
        const items = [1, 2, 3].slice(0, m)
        stage.watch(
          `map ${index}`,
          limit.map(items, (item, at) => stage.work(`item ${index}.${item} at ${at}`)),
        )
      }
      if (call === 'clear') limit.clearQueue()
      if (call === 'limit') limit.concurrency = n + 1
    },
    () => [limit.activeCount, limit.pendingCount, limit.concurrency],
    stage,
  )
}

describeOriginal(FILE, () => {
  it('runs, clears and counts in random programs', async () => {
    const { default: real } = await original<{ default: typeof face }>(FILE)
    const options = fc.record({ concurrency: fc.integer({ min: 1, max: 3 }), rejectOnClear: fc.boolean() })
    await expectSame(fc.tuple(programs(...CALLS), options), async ([steps, given]) => {
      expect(await run(face, steps, given)).toEqual(await run(real, steps, given))
    })
  })
})
