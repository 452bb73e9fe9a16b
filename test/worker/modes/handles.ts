import { describe, expect, it } from 'vitest'
import { type TaskHandle, TaskManager } from '../../../src/index.ts'
import { add, echo, fail, gate, hold, note, same, square, succeedAt } from '../../fixtures/worker/mode-functions.ts'
import { failureOf } from '../../work.ts'
import { type Mode, submitWith, untilRunning } from './mode.ts'

/** Handles as arguments, and as the items of a map. */
export function describeHandles(mode: Mode): void {
  describe('a handle as an argument', () => {
    it('arrives as its result, whether that is there or still to come', async () => {
      const there = mode.worker.submit(square, 3)
      await there
      const toCome = mode.worker.submit(square, 4)
      expect(await mode.worker.submit(add, there, toCome)).toBe(25)
      expect(await mode.worker.submit(echo, 1, toCome, there)).toEqual([1, 16, 9])
    })

    it('may be of another worker, of a manager, and a chain of them', async () => {
      const manager = await TaskManager.start()
      const one = mode.single.submit(same, 1)
      const two = mode.worker.submit(
        add,
        one,
        manager.spawn(async () => 1),
      )
      const four = mode.single.submit(add, two, two)
      expect(await mode.worker.submit(add, four, four)).toBe(8)
      await manager.close()
    })

    it('fails the call as it fails, and the function is not called', async () => {
      const notes = mode.file()
      const failing = mode.worker.submit(fail, 'wrong')
      const handle = mode.worker.submit(note, notes.path, failing as TaskHandle<never>)
      const error = await failureOf(handle)
      expect(error).toBe(await failureOf(failing))
      expect(handle.record()).toMatchObject({ status: 'failed', attempt: 0 })
      expect(notes.lines()).toEqual([])
    })

    it('that is cancelled fails the call with that', async () => {
      const held = mode.worker.submit(hold)
      await untilRunning(held)
      const handle = mode.worker.submit(echo, held)
      const [error] = await Promise.all([failureOf(handle), held.cancel('enough')])
      expect(error).toMatchObject({ name: 'TaskCancelledError', cause: 'enough' })
      expect(handle.status).toBe('failed')
    })

    it('blocks nobody: the call is there at once, and holds no slot while it waits', async () => {
      const open = mode.file()
      const argument = mode.worker.submit(gate, open.path, 5)
      await untilRunning(argument)
      const handle = mode.single.submit(square, argument)
      expect(handle.status).toBe('pending')
      expect(await mode.single.submit(square, 2)).toBe(4)
      expect(handle.status).toBe('pending')
      expect(mode.single.stats()).toMatchObject({ pending: 1, running: 0 })
      open.open()
      expect(await handle).toBe(25)
    })

    it('may need the slot that the call will have', async () => {
      const argument = submitWith(mode.single, { retry: { retries: 1, wait: 0 } }, succeedAt, 2)
      const handle = submitWith(mode.single, { priority: 9 }, square, argument)
      expect(await handle).toBe(4)
    })

    it('goes on when the call that waits for it is cancelled, which never runs', async () => {
      const [open, notes] = [mode.file(), mode.file()]
      const argument = mode.worker.submit(gate, open.path, 'result')
      const handle = mode.worker.submit(note, notes.path, argument)
      expect(await handle.cancel()).toBe(true)
      expect(await failureOf(handle)).toMatchObject({ name: 'TaskCancelledError' })
      expect(argument.done()).toBe(false)
      open.open()
      expect(await argument).toBe('result')
      expect(await mode.worker.submit(square, 2)).toBe(4)
      expect(notes.lines()).toEqual([])
    })

    it('counts for the deadline of the call', async () => {
      const open = mode.file()
      const argument = mode.worker.submit(gate, open.path, 2)
      const handle = submitWith(mode.worker, { deadline: 10 }, square, argument)
      expect(await failureOf(handle)).toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 10 })
      open.open()
      await argument
    })

    it('is awaited once, though the call is tried again', async () => {
      const notes = mode.file()
      const argument = mode.worker.submit(note, notes.path, 'once')
      const handle = submitWith(mode.worker, { retry: { retries: 1, wait: 0 } }, fail, argument)
      expect(await failureOf(handle)).toMatchObject({ message: 'once' })
      expect(handle.record().attempt).toBe(2)
      expect(notes.lines()).toEqual(['once'])
    })

    it('stays a handle with unwrap: false', async () => {
      const worker = await mode.start({ maxWorkers: 1, unwrap: false })
      const argument = mode.worker.submit(square, 3)
      const handle = worker.submit(echo, argument)
      if (mode.inLoop) expect((await handle)[0]).toBe(argument)
      else expect(await failureOf(handle)).toMatchObject({ code: 'ERR_SERIALIZATION' })
      expect(await argument).toBe(9)
    })

    it('is data to a bound function', async () => {
      const worker = await mode.start({ fn: square, maxWorkers: 1 })
      expect(await worker.submit(worker.submit(3))).toBe(81)
      expect(await worker.call(worker.call(2))).toBe(16)
    })
  })

  describe('handles as items of a map', () => {
    it('arrive as their results, in their places', async () => {
      const open = mode.file()
      const first = mode.worker.submit(gate, open.path, 1)
      const results = mode.single.map(square, [first, 2, mode.single.submit(same, 3)]).toArray()
      await untilRunning(first)
      open.open()
      expect(await results).toEqual([1, 4, 9])
    })

    it('fail their places', async () => {
      const failing = mode.worker.submit(fail, 'wrong') as TaskHandle<number>
      const results = await mode.worker.map(square, [1, failing, 3], { onError: 'collect' }).toArray()
      expect(results).toEqual([1, expect.objectContaining({ message: 'wrong' }), 9])
    })

    it('may need the slot that the map would take', async () => {
      const item = submitWith(mode.single, { retry: { retries: 1, wait: 0 } }, succeedAt, 2)
      const results = mode.single.map(square, [item, 3], { priority: 9 })
      expect(await results.toArray()).toEqual([4, 9])
    })
  })
}
