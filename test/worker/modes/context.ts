import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it } from 'vitest'
import type { TaskStatusEvent } from '../../../src/index.ts'
import { currentTask } from '../../../src/worker.ts'
import { about, aboutLater, gate, misreport, report, succeedAt } from '../../fixtures/worker/mode-functions.ts'
import { settle } from '../../harness.ts'
import { failureOf } from '../../work.ts'
import { type Mode, submitWith, untilRunning } from './mode.ts'

/** What a function knows of its task, and what it says of itself. */
export function describeContext(mode: Mode): void {
  describe('currentTask()', () => {
    it('is the task of the call: its id, its name, its attempt, its signal', async () => {
      for (const fn of [about, aboutLater]) {
        const handle = mode.worker.submit(fn)
        expect(await handle).toEqual({ id: handle.id, name: fn.name, attempt: 1, aborted: false })
        expect(handle.name).toBe(fn.name)
      }
    })

    it('is that of each call, of many at the same time', async () => {
      const handles = Array.from({ length: 20 }, () => mode.worker.submit(aboutLater))
      expect((await Promise.all(handles)).map(({ id }) => id)).toEqual(handles.map(({ id }) => id))
    })

    it('is that of each item in a map', async () => {
      const names = await mode.worker.map(about as (item: number) => ReturnType<typeof about>, [1, 2, 3]).toArray()
      expect(new Set(names.map(({ id }) => id)).size).toBe(3)
    })

    it('knows the number of the attempt', async () => {
      expect(await submitWith(mode.worker, { retry: { retries: 1, wait: 0 } }, succeedAt, 2)).toBe(2)
    })

    it('is nothing out here', async () => {
      await mode.worker.submit(about)
      expect(() => currentTask()).toThrow(TypeError)
    })
  })

  describe('progress', () => {
    it('is in the record, while the call runs and afterwards', async () => {
      const open = mode.file()
      const running = mode.worker.submit(gate, open.path)
      await untilRunning(running)
      expect(running.record()).toMatchObject({ status: 'running', progress: { completed: 0, total: 1 } })
      open.open()
      await running
      const handle = mode.worker.submit(report, 4)
      expect(await handle).toBe('reported')
      expect(handle.record().progress).toEqual({ completed: 4, total: 4, message: 'on' })
    })

    it('comes as events, all of it and in order, before the end', async () => {
      const worker = await mode.start({ maxWorkers: 1, name: `progress of ${mode.mode}` })
      const seen: string[] = []
      const listen = (message: unknown) => {
        const { type, record, manager } = message as Partial<TaskStatusEvent> & { readonly manager: string }
        if (manager === `progress of ${mode.mode}`) seen.push(`${type} ${record?.progress?.completed ?? ''}`.trim())
      }
      subscribe('taskscope:task', listen)
      try {
        await worker.submit(report, 3)
        await settle()
      } finally {
        unsubscribe('taskscope:task', listen)
      }
      expect(seen.slice(0, 6)).toEqual(['submitted', 'started', 'progress 1', 'progress 2', 'progress 3', 'done 3'])
    })

    it('that makes no sense fails the call', async () => {
      expect(await failureOf(mode.worker.submit(misreport, 2))).toBeInstanceOf(RangeError)
    })
  })
}
