import { describe, expect, it } from 'vitest'
import { double, gives, waits } from '../../fixtures/bullmq/fault-functions.ts'
import { describeEachServer } from '../../servers/describe-each-server.ts'
import { failureOf } from '../../work.ts'
import { endsOf, jobCounts } from './engine.ts'
import { Scene } from './scene.ts'

const NOT_SENT = { name: 'SerializationError', code: 'ERR_SERIALIZATION' }

describeEachServer('a value', server => {
  describe.each([
    ['that nobody can send', () => {}, /\(\) =>|function/],
    ['of too many bytes', 'x'.repeat(2_000), /take 20\d\d bytes, and maxBytes allows 1000/],
  ])('%s', (_, value, reason) => {
    it('fails its call alone when it is an argument, and nothing reaches the queue', async () => {
      const scene = new Scene(server)
      const caller = await scene.caller({ maxBytes: 1_000 })
      await scene.machine({ maxTasks: 1 })
      const running = caller.submit(waits, scene.folder, 'running')
      await scene.noted('started')
      const before = await jobCounts(server, scene.queue)
      const failed = await failureOf(caller.submit(waits as (...args: unknown[]) => unknown, scene.folder, value))
      expect(failed).toMatchObject({ ...NOT_SENT, message: expect.stringMatching(reason) })
      expect(await jobCounts(server, scene.queue)).toEqual(before)
      scene.open('running-1')
      await running
      expect(await caller.submit(double, scene.folder, 2)).toBe(4)
      expect(scene.notes('started').map(({ name }) => name)).toEqual(['running', '2'])
      expect(caller.stats()).toMatchObject({ done: 2, failed: 1 })
    })
  })

  it.each([
    ['that nobody can send', 'function', /\(\) =>|function/],
    ['of too many bytes', 2_000, /takes 20\d\d bytes, and maxBytes allows 1000/],
  ] as const)('%s fails its call alone when it is a result', async (_, what, reason) => {
    const scene = new Scene(server)
    const caller = await scene.caller()
    const machine = await scene.machine({ maxTasks: 2, maxBytes: 1_000 })
    const [first, failed, last] = [
      caller.submit(double, scene.folder, 1),
      failureOf(caller.submit(gives, what)),
      caller.submit(double, scene.folder, 2),
    ]
    expect(await failed).toMatchObject({ ...NOT_SENT, message: expect.stringMatching(reason) })
    expect([await first, await last, await caller.submit(gives, 500)]).toEqual([2, 4, 'x'.repeat(500)])
    expect(await endsOf(server, scene.queue)).toHaveLength(4)
    expect(machine.output.stderr).toBe('')
  })
})
