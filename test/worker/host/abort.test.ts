import { afterEach, describe, expect, it, vi } from 'vitest'
import { TaskTimeoutError, WorkerCrashedError } from '../../../src/base/errors.ts'
import { failure, KINDS, run, runReference, runUntilProgress } from './hosts.ts'
import { endWithTest, runs, untilGone } from './processes.ts'

const REASON = new TaskTimeoutError('it took too long', 250)

afterEach(() => {
  vi.useRealTimers()
})

describe.each(KINDS)('aborting a call in a %s', (kind, start) => {
  it('rejects with the reason at once when it was aborted before', async () => {
    const host = start()
    const error = await failure(run(host, 'add', [1, 2], { signal: AbortSignal.abort(REASON) }))
    expect(error).toBe(REASON)
    expect(host.active).toBe(0)
    expect(await run(host, 'add', [1, 2])).toBe(3)
  })

  it('fires the signal inside with the reason, and rejects with that very object when it is thrown', async () => {
    const host = start()
    const controller = new AbortController()
    const { outcome, running } = runUntilProgress(host, 'untilAborted', [], { signal: controller.signal })
    await running
    controller.abort(REASON)
    expect(await failure(outcome)).toBe(REASON)
    expect(await run(host, 'add', [1, 2])).toBe(3)
  })

  it('leaves no timer behind when the function stops', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const host = start()
    await host.ready
    const controller = new AbortController()
    const { outcome, running } = runUntilProgress(host, 'untilAborted', [], { signal: controller.signal })
    await running
    expect(vi.getTimerCount()).toBe(0)
    controller.abort(REASON)
    expect(vi.getTimerCount()).toBe(1)
    expect(await failure(outcome)).toBe(REASON)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('lets stand what the function returns then', async () => {
    const controller = new AbortController()
    const { outcome, running } = runUntilProgress(start(), 'returnsWhenAborted', ['kept'], {
      signal: controller.signal,
    })
    await running
    controller.abort(REASON)
    const { message: reason, code } = REASON
    expect(await outcome).toEqual({ value: 'kept', reason, code, kind: 'TaskTimeoutError' })
  })

  it('rejects with what the function throws of its own then', async () => {
    const controller = new AbortController()
    const { outcome, running } = runUntilProgress(start(), 'throwsItsOwnWhenAborted', [], { signal: controller.signal })
    await running
    controller.abort(REASON)
    expect(await failure(outcome)).toMatchObject({ name: 'QuotaError', message: 'my own' })
  })

  it('fires a signal that is read only later', async () => {
    const controller = new AbortController()
    const onRequest = async () => controller.abort(REASON)
    expect(await run(start(), 'readsTheSignalLate', [], { signal: controller.signal, onRequest })).toBe(true)
  })

  it('never runs what was aborted while its module was loading', async () => {
    const host = start()
    await host.ready
    const controller = new AbortController()
    const url = new URL('../../fixtures/slow-module.ts', import.meta.url).href
    const outcome = runReference(host, { kind: 'module', url, name: 'exit' }, [], { signal: controller.signal })
    controller.abort(REASON)
    expect(await failure(outcome)).toBe(REASON)
    expect(await runReference(host, { kind: 'module', url, name: 'loaded' })).toBe(true)
  })

  it('ends the worker of a call that does not stop, and only then settles', async () => {
    const host = start()
    const controller = new AbortController()
    const { outcome, running } = runUntilProgress(host, 'neverListens', [], {
      cleanupTimeout: 20,
      signal: controller.signal,
    })
    await running
    controller.abort(REASON)
    expect(await failure(outcome)).toBe(REASON)
    if (kind === 'process') expect(runs(host.id)).toBe(false)
    expect(await host.exited).toMatchObject({ requested: true })
  })

  it('ends a hot loop', async () => {
    const host = start()
    const controller = new AbortController()
    const { outcome, running } = runUntilProgress(host, 'hotLoop', [], { signal: controller.signal, cleanupTimeout: 0 })
    await running
    controller.abort(REASON)
    expect(await failure(outcome)).toBe(REASON)
    if (kind === 'process') expect(runs(host.id)).toBe(false)
  })

  it('takes the other calls of a worker that had to be ended with it, and says why', async () => {
    const host = start()
    const controller = new AbortController()
    const other = run(host, 'hang')
    const { outcome, running } = runUntilProgress(host, 'neverListens', [], {
      signal: controller.signal,
      cleanupTimeout: 0,
    })
    const lost = failure(other)
    await running
    controller.abort(REASON)
    expect(await failure(outcome)).toBe(REASON)
    const error = await lost
    expect(error).toBeInstanceOf(WorkerCrashedError)
    expect(error.message).toContain('neverListens did not stop')
  })

  it('leaves the other calls alone when the aborted one stops', async () => {
    const host = start()
    const controller = new AbortController()
    const { outcome, running } = runUntilProgress(host, 'untilAborted', [], { signal: controller.signal })
    const stopped = failure(outcome)
    const { outcome: other, running: otherRuns } = runUntilProgress(host, 'readsTheSignalLate', [], {
      onRequest: () => stopped,
    })
    await Promise.all([running, otherRuns])
    controller.abort(REASON)
    expect(await stopped).toBe(REASON)
    expect(await other).toBe(false)
  })
})

describe('aborting a call in a process', () => {
  const [, start] = KINDS[1]

  it.each(['withGrandchild', 'withOrphan'])('ends what the function has started, too (%s)', async name => {
    const controller = new AbortController()
    const options = { signal: controller.signal, cleanupTimeout: 0 }
    const { outcome, running } = runUntilProgress(start(), name, [], options)
    const grandchild = endWithTest((await running).completed)
    expect(runs(grandchild)).toBe(true)
    controller.abort(REASON)
    expect(await failure(outcome)).toBe(REASON)
    await untilGone(grandchild)
  })
})
