import fc from 'fast-check'
import { expect, it } from 'vitest'
import face from '../../../src/compat/fastq.ts'
import { describeOriginal, expectSame, original, play, programs, Stage, type Step } from './program.ts'

const FILE = 'fastq/queue.js'
const CALLS = [
  'push',
  'push',
  'unshift',
  'end',
  'end',
  'pause',
  'resume',
  'kill',
  'killAndDrain',
  'abort',
  'limit',
] as const
type Program = readonly Step<(typeof CALLS)[number]>[]

async function withCallbacks(make: typeof face, steps: Program, concurrency: number) {
  const stage = new Stage()
  const queue = make((id: string, done) => {
    stage.work(id).then(
      result => done(null, result),
      error => done(error),
    )
  }, concurrency)
  queue.drain = () => stage.say('hooks', 'drain')
  queue.empty = () => stage.say('hooks', 'empty')
  queue.saturated = () => stage.say('hooks', 'saturated')
  queue.error((error, id) => stage.say('outcomes', 'handler', id, error))
  const told = (id: string) => (error: Error | null, result: unknown) =>
    stage.say('outcomes', id, error, result ?? null)
  return play(
    steps,
    ({ call, n, ok }, _, index) => {
      if (call === 'push' || call === 'unshift') queue[call](`work ${index}`, told(`work ${index}`))
      else if (call === 'end') stage.end(n, ok)
      else if (call === 'limit') queue.concurrency = n + 1
      else queue[call]()
    },
    () => [queue.length(), queue.running(), queue.idle(), queue.paused, queue.concurrency],
    stage,
  )
}

async function withPromises(make: typeof face, steps: Program, concurrency: number) {
  const stage = new Stage()
  const queue = make.promise((id: string) => stage.work(id), concurrency)
  return play(
    steps,
    ({ call, n, ok }, _, index) => {
      if (call === 'push' || call === 'unshift') stage.watch(`work ${index}`, queue[call](`work ${index}`))
      else if (call === 'end') stage.end(n, ok)
      else if (call === 'limit') queue.concurrency = n + 1
      else queue[call]()
    },
    () => [queue.length(), queue.running(), queue.idle(), queue.paused],
    stage,
  )
}

describeOriginal(FILE, () => {
  it.each([
    ['callbacks', withCallbacks],
    ['promises', withPromises],
  ])('orders, counts and tells by %s in random programs', async (_, run) => {
    const { default: real } = await original<{ default: typeof face }>(FILE)
    const concurrency = fc.integer({ min: 1, max: 3 })
    await expectSame(fc.tuple(programs(...CALLS), concurrency), async ([steps, given]) => {
      expect(await run(face, steps, given)).toEqual(await run(real, steps, given))
    })
  })
})
