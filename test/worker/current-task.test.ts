import { describe, expect, it } from 'vitest'
import type { TaskContext } from '../../src/index.ts'
import { Inbox } from '../../src/task/context/inbox.ts'
import { currentCall } from '../../src/task/current.ts'
import { currentTask } from '../../src/worker/current-task.ts'
import { NO_LIMITS, NO_PERMIT } from '../../src/worker/messages/remote-limits.ts'

const context = (name: string): TaskContext => ({
  id: 1,
  name,
  attempt: 1,
  signal: new AbortController().signal,
  progress: () => {},
  messages: new Inbox().read(AbortSignal.abort()),
  limits: NO_LIMITS,
  permit: NO_PERMIT,
})

describe('currentTask', () => {
  it('is the context of the function that runs, through everything it awaits', async () => {
    const names = (name: string) =>
      currentCall.run(context(name), async () => {
        const before = currentTask().name
        await new Promise(resolve => setImmediate(resolve))
        return [before, currentTask().name]
      })
    expect(await Promise.all([names('one'), names('two')])).toEqual([
      ['one', 'one'],
      ['two', 'two'],
    ])
  })

  it('is the innermost one', () => {
    const [inner, outer] = currentCall.run(context('outer'), () => [
      currentCall.run(context('inner'), () => currentTask().name),
      currentTask().name,
    ])
    expect([inner, outer]).toEqual(['inner', 'outer'])
  })

  it('throws outside of a task, and says so', () => {
    expect(() => currentTask()).toThrow(TypeError)
    expect(() => currentTask()).toThrow(/outside of a task/)
  })

  it('is the same in another copy of this library', async () => {
    const url = `${new URL('../../src/worker/current-task.ts', import.meta.url)}?copy`
    const copy: { readonly currentTask: typeof currentTask } = await import(/* @vite-ignore */ url)
    expect(copy.currentTask).not.toBe(currentTask)
    expect(currentCall.run(context('one'), () => copy.currentTask().name)).toBe('one')
  })
})
