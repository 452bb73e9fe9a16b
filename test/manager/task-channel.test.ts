import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { TaskManager, TaskRunner, type TaskStatusEvent } from '../../src/index.ts'
import { managerOn } from '../../src/manager/task-manager.ts'
import { managerSettings } from '../../src/scheduler/manager-settings.ts'
import { Supervisor } from '../../src/scheduler/supervisor.ts'
import * as records from '../../src/task/record.ts'
import { settle } from '../harness.ts'
import { within } from '../runner/within.ts'
import { delay } from '../work.ts'

type Message = Partial<TaskStatusEvent> & { readonly type: string; readonly manager: string }

const subscribed: ((message: unknown) => void)[] = []

/** Subscribes to the channel; gives the function that ends it. */
function listen(take: (message: Message) => void): () => void {
  const subscriber = (message: unknown) => take(message as Message)
  subscribe('taskscope:task', subscriber)
  subscribed.push(subscriber)
  return () => unsubscribe('taskscope:task', subscriber)
}

afterEach(() => {
  for (const subscriber of subscribed.splice(0)) unsubscribe('taskscope:task', subscriber)
})

const brief = ({ type, manager, record }: Message) => [manager, type, ...(record ? [record.id] : [])].join(' ')

describe('the diagnostics channel taskscope:task', () => {
  it('has every event, with the name of the manager', async () => {
    const seen: string[] = []
    listen(message => seen.push(brief(message)))
    const manager = await TaskManager.start({ name: 'plain' })
    await manager.spawn(task => task.progress(1))
    await manager.close()
    await settle()
    expect(seen).toEqual([
      'plain submitted 1',
      'plain started 1',
      'plain progress 1',
      'plain done 1',
      'plain drained',
      'plain closed',
    ])
  })

  it('has those of all managers and runners at once', async () => {
    const seen: string[] = []
    listen(message => seen.push(brief(message)))
    const [one, two] = await Promise.all([TaskRunner.start({ name: 'one' }), TaskManager.start({ name: 'two' })])
    one.submit(() => 1)
    two.spawn(() => 2)
    await Promise.all([one.drain(), two.drain()])
    await settle()
    expect(seen.filter(line => line.startsWith('one'))).toEqual([
      'one submitted 1',
      'one started 1',
      'one done 1',
      'one drained',
    ])
    expect(seen.filter(line => line.startsWith('two'))).toHaveLength(4)
  })

  it('calls a runner without a name runner, and a manager manager', async () => {
    const seen = new Set<string>()
    listen(({ manager }) => seen.add(manager))
    await (await TaskRunner.start()).submit(() => 1)
    await (await TaskManager.start()).spawn(() => 1)
    await settle()
    expect([...seen]).toEqual(['runner', 'manager'])
  })

  it('has the record of that very moment', async () => {
    const seen: unknown[] = []
    listen(({ record }) => seen.push([record?.status, record?.result]))
    const runner = await TaskRunner.start()
    await runner.submit(() => 5)
    await settle()
    expect(seen.slice(0, 3)).toEqual([
      ['pending', undefined],
      ['running', undefined],
      ['done', 5],
    ])
  })

  it('costs no event and no record without subscribers and listeners', async () => {
    const made = vi.spyOn(records, 'recordOf')
    const supervisor = new Supervisor(managerSettings(undefined))
    const manager = managerOn(supervisor)
    const emitted = vi.spyOn(supervisor.scheduler.events, 'emit')
    await manager.spawn(task => task.progress(1))
    await manager.close()
    await settle()
    expect(emitted).not.toHaveBeenCalled()
    expect(made).not.toHaveBeenCalled()
    listen(() => {})
    await (await TaskManager.start()).spawn(() => 1)
    await settle()
    expect(made).toHaveBeenCalledTimes(3)
    made.mockRestore()
  })

  it('serves subscribers that come and go in the middle', async () => {
    await within({}, async runner => {
      const before = runner.submit(() => delay(10))
      await settle()
      const seen: string[] = []
      const off = listen(message => seen.push(brief(message)))
      await before
      const during = runner.submit(() => delay(10))
      await settle()
      off()
      await during
      await settle()
      expect(seen).toEqual(['runner done 1', 'runner drained', 'runner submitted 2', 'runner started 2'])
    })
  })

  it('does not put its own field into the events of others', async () => {
    listen(() => {})
    const runner = await TaskRunner.start({ name: 'mine' })
    const heard: object[] = []
    runner.on('done', event => heard.push(event))
    await runner.submit(() => 1)
    await settle()
    expect(heard).toHaveLength(1)
    expect(heard[0]).not.toHaveProperty('manager')
  })

  it('with a subscriber that throws changes nobody’s outcome', async () => {
    const thrown: unknown[] = []
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', error => thrown.push(error))
    try {
      listen(() => {
        throw new Error('a subscriber broke')
      })
      const runner = await TaskRunner.start()
      const heard = vi.fn()
      runner.on('done', heard)
      expect(await runner.submit(() => 5)).toBe(5)
      expect(await runner.close()).toMatchObject({ done: 1 })
      await settle()
      expect(heard).toHaveBeenCalledOnce()
      // Node reports what subscribers throw by itself.
      expect(thrown).not.toHaveLength(0)
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const listener of others) process.on('uncaughtException', listener)
    }
  })
})
