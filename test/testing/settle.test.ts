import { run, spawn, suspend } from 'effection'
import { describe, expect, it, vi } from 'vitest'
import { settle } from '../../src/testing.ts'

describe('settle', () => {
  it('lets a long chain of microtasks run out', async () => {
    let steps = 0
    const chain = async () => {
      for (; steps < 1_000; steps++) await null
    }
    chain()
    await settle()
    expect(steps).toBe(1_000)
  })

  it('lets the ready steps of an operation run', async () => {
    const log: string[] = []
    const task = run(function* () {
      yield* spawn(function* () {
        log.push('child')
        yield* suspend()
      })
      log.push('parent')
      yield* suspend()
    })
    await settle()
    expect(log).toHaveLength(2)
    await task.halt()
  })

  it('fires no timers', async () => {
    let fired = false
    const timer = setTimeout(() => {
      fired = true
    }, 60_000)
    await settle()
    clearTimeout(timer)
    expect(fired).toBe(false)
  })

  it('works while setImmediate is faked', async () => {
    vi.useFakeTimers({ toFake: ['setImmediate'] })
    try {
      await settle()
    } finally {
      vi.useRealTimers()
    }
  })
})
