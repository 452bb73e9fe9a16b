import { setTimeout as sleep } from 'node:timers/promises'
import { Queue } from 'bullmq'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { cleanErrors } from '../../../src/connection/driver-errors.ts'
import { double, waits } from '../../fixtures/bullmq/fault-functions.ts'
import { until } from '../../harness.ts'
import { describeEachServer } from '../../servers/describe-each-server.ts'
import { endsOf, eventCount, jobCounts, loseEvents, waitingJobs, withQueue } from './engine.ts'
import { kill, Scene } from './scene.ts'

/** As the drivers' own errors are known. */
const lost = cleanErrors({})

describeEachServer('a caller', server => {
  describe('that is killed', () => {
    it('leaves its calls to be run to their ends, once, by a worker that serves on', async () => {
      const scene = new Scene(server)
      const { folder } = scene
      const machine = await scene.machine({ maxTasks: 1 })
      const names = ['a', 'b', 'c']
      const gone = scene.callerProcess({}, ...names.map(name => ['waits', folder, name] as const))
      await scene.noted('started')
      await until(async () => (await waitingJobs(server, scene.queue)) === 2)
      await kill(gone)

      for (const name of names) scene.open(`${name}-1`)
      await scene.noted('ended', undefined, 3)
      expect(
        scene
          .notes('started')
          .map(({ name }) => name)
          .sort(),
      ).toEqual(names)
      const caller = await scene.caller()
      expect(await caller.submit(double, folder, 2)).toBe(4)
      expect(machine.output.stderr).toBe('')
      expect(await endsOf(server, scene.queue)).toHaveLength(4)
    })

    it('leaves its delayed calls at the broker, which has them run when they are due', async () => {
      const scene = new Scene(server)
      const gone = scene.callerProcess({ delay: 3_600_000 }, ['double', scene.folder, 21])
      await until(async () => (await jobCounts(server, scene.queue)).delayed === 1)
      await kill(gone)
      await scene.machine()
      expect((await jobCounts(server, scene.queue)).delayed).toBe(1)
      // An hour has passed, but for a moment.
      await withQueue(server, scene.queue, async queue => (await queue.getDelayed())[0]?.changeDelay(100))
      await until(async () => (await endsOf(server, scene.queue)).length === 1)
      expect((await endsOf(server, scene.queue))[0]).toMatch(/completed$/)
    })

    it('has told the worker for how long a call may run', async () => {
      const scene = new Scene(server)
      const gone = scene.callerProcess({ timeout: 300 }, ['listens', scene.folder, 'call'])
      await until(async () => (await waitingJobs(server, scene.queue)) === 1)
      await kill(gone)
      const machine = await scene.machine()
      await scene.noted('told', 'call')
      await until(async () => (await endsOf(server, scene.queue)).length === 1)
      expect((await endsOf(server, scene.queue))[0]).toMatch(/failed$/)
      const caller = await scene.caller()
      expect(await caller.submit(double, scene.folder, 2)).toBe(4)
      expect(machine.output.stderr).toBe('')
    })
  })

  describe('that never hears that its job was added', () => {
    it('does not connect anew for it when the call is over', async () => {
      const scene = new Scene(server)
      await scene.machine()
      const caller = await scene.caller()
      const add = Queue.prototype.add
      const spy = vi.spyOn(Queue.prototype, 'add').mockImplementationOnce(async function (this: Queue, ...args) {
        await add.apply(this, args)
        throw lost(Object.assign(new Error('the answer got lost'), { code: 'ECONNRESET' }))
      })
      onTestFinished(() => spy.mockRestore())
      expect(await caller.submit(double, scene.folder, 2)).toBe(4)
      await caller.close()
      // The time after which it is tried again.
      await sleep(1_500)
      expect(await eventCount(server, scene.queue, 'caller')).toBe(1)
    })
  })

  describe('that has lost the events', () => {
    it('gets the results of calls that have ended meanwhile', async () => {
      const scene = new Scene(server)
      const machine = await scene.machine({ maxTasks: 2 })
      const names = ['a', 'b']
      const frozen = scene.callerProcess({}, ...names.map(name => ['waits', scene.folder, name] as const))
      await until(() => frozen.lines.length === 2)
      frozen.child.kill('SIGSTOP')
      for (const name of names) scene.open(`${name}-1`)
      await until(async () => (await jobCounts(server, scene.queue)).completed === 2)
      await loseEvents(server, scene.queue)
      frozen.child.kill('SIGCONT')
      expect(await frozen.ended).toEqual(names.map(() => machine.child.pid))
      expect(frozen.log).toEqual([])
      expect(scene.notes('started')).toHaveLength(2)
    })

    it('hears of what happens from then on', async () => {
      const scene = new Scene(server)
      await scene.machine()
      const caller = await scene.caller()
      const handle = caller.submit(waits, scene.folder, 'call')
      await scene.noted('started', 'call')
      await loseEvents(server, scene.queue)
      const others = [1, 2, 3].map(name => caller.submit(double, scene.folder, name))
      expect(await Promise.all(others)).toEqual([2, 4, 6])
      await loseEvents(server, scene.queue)
      scene.open('call-1')
      await handle
      expect(caller.stats()).toMatchObject({ done: 4, failed: 0 })
    })
  })
})
