import { describe, expect, it } from 'vitest'
import { ManagerClosedError } from '../../../src/index.ts'
import { fail, gate, hold, later, note, politeGate, same, square } from '../../fixtures/worker/mode-functions.ts'
import { failureOf } from '../../work.ts'
import { startFixture } from '../host/processes.ts'
import { type Mode, untilRunning } from './mode.ts'

/** How a worker ends, and what it counts. */
export function describeClosing(mode: Mode): void {
  describe('stop', () => {
    it('cancels what is pending, lets what runs go on, and refuses what comes', async () => {
      const [open, notes] = [mode.file(), mode.file()]
      const worker = await mode.start({ maxWorkers: 1 })
      const running = worker.submit(gate, open.path, 'to its end')
      const pending = worker.submit(note, notes.path, 'ran')
      const waiting = worker.submit(note, notes.path, running)
      await untilRunning(running)
      const stopped = worker.stop()
      expect(worker.stats()).toMatchObject({ closed: true, running: 1, pending: 0, cancelled: 2 })
      expect(() => worker.submit(square, 1)).toThrow(ManagerClosedError)
      expect(() => worker.map(square, [1])).toThrow(ManagerClosedError)
      open.open()
      const report = await stopped
      expect(report).toMatchObject({ done: 1, failed: 0, cancelled: 2, abandoned: [] })
      expect(report.neverStarted.map(({ id }) => id)).toEqual([pending.id, waiting.id])
      expect(await running).toBe('to its end')
      for (const handle of [pending, waiting]) {
        expect(await failureOf(handle)).toMatchObject({
          name: 'TaskCancelledError',
          cause: expect.any(ManagerClosedError),
        })
      }
      expect(notes.lines()).toEqual([])
      expect(await worker.stop()).toEqual(report)
      expect(worker.stats()).toMatchObject({ running: 0, pending: 0, workers: mode.inLoop ? 1 : 0 })
    })

    it('of a worker that never had a call ends at once', async () => {
      const worker = await mode.start({ maxWorkers: 1 })
      expect(await worker.stop()).toMatchObject({ done: 0, cancelled: 0 })
    })
  })

  describe('close', () => {
    it('lets what is pending run, those included that wait for their arguments', async () => {
      const worker = await mode.start({ maxWorkers: 1 })
      const first = worker.submit(later, 2)
      const second = worker.submit(square, 3)
      const third = worker.submit(square, second)
      const report = await worker.close()
      expect(report).toMatchObject({ done: 3, neverStarted: [] })
      expect([first.result(), second.result(), third.result()]).toEqual([2, 9, 81])
    })

    it('with no time stops what runs, and everything has settled then', async () => {
      const closed = mode.file()
      const worker = await mode.start({ maxWorkers: 2 })
      const running = [worker.submit(hold), worker.submit(politeGate, closed.path)]
      const pending = worker.submit(square, running[0] as never)
      const map = worker.map(politeGate, [closed.path, closed.path])
      const mapped = failureOf(map.toArray())
      await untilRunning(...running)
      const failures = [...running, pending].map(failureOf)
      const report = await worker.close({ timeout: 0 })
      expect([...running, pending].every(handle => handle.done())).toBe(true)
      expect(report.abandoned).toEqual([])
      for (const error of await Promise.all(failures)) expect(error).toMatchObject({ name: 'TaskCancelledError' })
      expect(await mapped).toBeInstanceOf(Error)
    })

    it('comes with `await using`', async () => {
      const worker = await mode.start({ maxWorkers: 1 })
      let handle: PromiseLike<number> | undefined
      {
        await using scoped = worker
        handle = scoped.submit(later, 7)
      }
      expect(worker.stats()).toMatchObject({ closed: true, done: 1, running: 0 })
      expect(await handle).toBe(7)
    })
  })

  describe('drain', () => {
    it('waits for everything that is pending or runs, and for what comes meanwhile', async () => {
      const open = mode.file()
      const worker = await mode.start({ maxWorkers: 1 })
      const first = worker.submit(gate, open.path)
      const second = worker.submit(later, first)
      let drained = false
      const draining = worker.drain().then(() => {
        drained = true
      })
      await untilRunning(first)
      const third = worker.submit(later, 3)
      expect(drained).toBe(false)
      open.open()
      await draining
      expect([first, second, third].map(handle => handle.status)).toEqual(['done', 'done', 'done'])
      expect(await worker.submit(square, 3)).toBe(9)
    })
  })

  describe('stats', () => {
    it('count the calls, and the workers that have them', async () => {
      const open = mode.file()
      const worker = await mode.start({ maxWorkers: 2 })
      const handles = [1, 2, 3].map(n => worker.submit(gate, open.path, n))
      await untilRunning(...handles.slice(0, 2))
      expect(worker.stats()).toEqual({
        pending: 1,
        running: 2,
        stopping: 0,
        done: 0,
        failed: 0,
        cancelled: 0,
        abandoned: 0,
        maxTasks: 2,
        paused: false,
        closed: false,
        workers: mode.inLoop || mode.remote ? 1 : 2,
        active: 2,
        dispatched: 2,
        crashed: 0,
        recycled: 0,
      })
      open.open()
      await Promise.all(handles)
      await failureOf(worker.submit(fail, 'wrong'))
      expect(worker.stats()).toMatchObject({ done: 3, failed: 1, running: 0, active: 0, dispatched: 4 })
    })
  })

  it('keeps no process alive, and shows progress on stderr there', async () => {
    const { output, ended } = startFixture(
      'worker/leaves-open',
      [JSON.stringify(mode.where)],
      ['--disable-warning=ExperimentalWarning'],
    )
    expect(await ended).toEqual({ exitCode: 0, signal: null })
    expect(output.stdout).toBe('[ 4, 9 ] [ 16, 25 ]\n36\n')
    // The map in it shows its progress: the end, and what is due before on a machine that is slow.
    expect(output.stderr).toMatch(/^(square.*\n)*square.*2\/2.*\n$/)
  })

  it('is as usable at the end of all this as it was', async () => {
    expect(await Promise.all([mode.worker.submit(same, 1), mode.single.submit(same, 2)])).toEqual([1, 2])
    for (const worker of [mode.worker, mode.single]) {
      expect(worker.stats()).toMatchObject({ pending: 0, running: 0, stopping: 0, abandoned: 0, crashed: 0 })
    }
  })
}
