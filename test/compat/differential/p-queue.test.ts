import fc from 'fast-check'
import { expect, it } from 'vitest'
import Face from '../../../src/compat/p-queue.ts'
import { describeOriginal, expectSame, original, play, programs, Stage, type Step } from './program.ts'

const FILE = 'p-queue/dist/index.js'
const CALLS = [
  'add',
  'add',
  'add',
  'end',
  'end',
  'addAll',
  'pause',
  'start',
  'clear',
  'abort',
  'limit',
  'priority',
  'idle',
  'empty',
  'zero',
  'less',
] as const
const EVENTS = ['active', 'completed', 'error', 'add', 'next', 'empty', 'idle', 'pendingZero'] as const

async function run(Queue: typeof Face, steps: readonly Step<(typeof CALLS)[number]>[], options: object) {
  const queue = new Queue(options)
  const stage = new Stage()
  const controllers: AbortController[] = []
  for (const event of EVENTS)
    queue.addEventListener(event, told => stage.say('events', event, (told as CustomEvent).detail ?? null))
  return play(
    steps,
    ({ call, n, m, ok }, _, index) => {
      if (call === 'add') {
        const controller = new AbortController()
        controllers.push(controller)
        const given = { priority: n, id: `work ${index}`, signal: controller.signal }
        stage.watch(
          `add ${index}`,
          queue.add(() => stage.work(`work ${index}`), given),
        )
      }
      if (call === 'addAll') {
        const works = [0, 1, 2].slice(0, m).map(at => () => stage.work(`work ${index}.${at}`))
        stage.watch(`addAll ${index}`, queue.addAll(works, { priority: n }))
      }
      if (call === 'end') stage.end(n, ok)
      if (call === 'pause') queue.pause()
      if (call === 'start') queue.start()
      if (call === 'clear') queue.clear()
      // Only what waits: where one that runs is aborted, p-queue starts the next beside it.
      if (call === 'abort' && queue.size > 0 && queue.pending === 0) controllers.at(-1 - n)?.abort(new Error('aborted'))
      if (call === 'limit') queue.concurrency = n + 1
      if (call === 'priority') stage.attempt('priority', () => queue.setPriority(`work ${index - n - 1}`, m))
      if (call === 'idle') stage.watch(`idle ${index}`, queue.onIdle())
      if (call === 'empty') stage.watch(`empty ${index}`, queue.onEmpty())
      if (call === 'zero') stage.watch(`zero ${index}`, queue.onPendingZero())
      if (call === 'less') stage.watch(`less ${index}`, queue.onSizeLessThan(n + 1))
    },
    () => [queue.size, queue.pending, queue.sizeBy({ priority: 1 }), queue.isPaused, queue.isSaturated],
    stage,
  )
}

describeOriginal(FILE, () => {
  it('orders, counts and tells in random programs', async () => {
    const { default: Real } = await original<{ default: typeof Face }>(FILE)
    const options = fc.record({ concurrency: fc.integer({ min: 1, max: 3 }), autoStart: fc.boolean() })
    await expectSame(fc.tuple(programs(...CALLS), options), async ([steps, given]) => {
      expect(await run(Face, steps, given)).toEqual(await run(Real, steps, given))
    })
  })
})
