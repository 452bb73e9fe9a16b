import { describe, expect, it } from 'vitest'
import { type TaskContext, TaskManager } from '../../src/index.ts'
import { failureOf } from '../work.ts'

/** Runs `work` to its end and hands its context out. */
async function afterwards(work: (task: TaskContext) => unknown) {
  const manager = await TaskManager.start({ logger: false })
  const contexts: TaskContext[] = []
  const handle = manager.spawn(task => {
    contexts.push(task)
    return work(task)
  })
  await manager.drain()
  return { handle, context: contexts[0] as TaskContext }
}

describe('a signal that is read for the first time after the end', () => {
  it('is aborted', async () => {
    const { context } = await afterwards(() => {})
    expect(context.signal.aborted).toBe(true)
  })

  it('leaves a result of undefined as it is', async () => {
    const { context, handle } = await afterwards(() => {})
    expect(context.signal.aborted).toBe(true)
    expect(handle.result()).toBeUndefined()
    expect(await handle).toBeUndefined()
  })

  it('leaves a thrown null as it is', async () => {
    const { context, handle } = await afterwards(() => Promise.reject(null))
    expect(context.signal.aborted).toBe(true)
    expect(await failureOf(handle)).toBeNull()
    expect(handle.exception()).toBeNull()
  })
})
