import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TaskManager } from '../../src/index.ts'
import { exploreAll, runVirtual } from '../../src/testing.ts'
import { runs } from '../fuzz/runs.ts'
import { delay } from '../work.ts'

describe("a stream's items come in order, once, and leaving it stops the producer before the loop is left", () => {
  it.each(['leave', 'cancel', 'close', 'fail'] as const)('whatever the order of its steps and a %s', async how => {
    const orders = await exploreAll(async park => {
      const manager = await TaskManager.start({ cleanupTimeout: Number.POSITIVE_INFINITY, onError: () => {} })
      let made = 0
      let read = 0
      let alive = false
      const stream = manager.stream(
        async function* () {
          alive = true
          try {
            for (let item = 1; item <= 3; item += 1) {
              await park(`make ${item}`)
              if (how === 'fail' && item === 3) throw new Error('producer')
              made = item
              expect(made).toBeLessThanOrEqual(read + 1)
              yield item
            }
          } finally {
            await park('finally')
            alive = false
          }
        },
        { buffer: 1 },
      )
      const stopped = park(how).then(async () => {
        if (how === 'cancel') await stream.cancel()
        if (how === 'close') await manager.close({ timeout: 0 })
      })
      const seen: number[] = []
      try {
        for await (const item of stream) {
          expect(item).toBe(seen.length + 1)
          seen.push(item)
          read = item
          await park(`read ${item}`)
          if (how === 'leave' && item === 2) break
        }
      } catch {}
      expect(alive).toBe(false)
      if (how === 'fail') expect(seen).toEqual([1, 2])
      await stopped
      expect(manager.stats()).toMatchObject({ pending: 0, running: 0, stopping: 0, abandoned: 0 })
      await manager.close()
    })
    expect(orders).toBeGreaterThan(10)
  })

  const time = fc.nat(20)
  const plan = fc.record({
    buffer: fc.integer({ min: 1, max: 5 }),
    items: fc.nat(12),
    make: fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }),
    read: fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }),
    /** After so many items of each attempt, if there are as many. */
    fails: fc.array(fc.nat(14), { maxLength: 3 }),
    retries: fc.nat(3),
    readFrom: time,
    leaveAfter: fc.option(fc.nat(12)),
    cancelAt: fc.option(time),
    timeout: fc.option(fc.integer({ min: 1, max: 30 })),
    deaf: fc.boolean(),
    together: fc.integer({ min: 1, max: 3 }),
  })

  it('whatever is slow, fails, is cancelled, late or tried again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(plan, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 3 }),
        async (plans, maxTasks) => {
          await runVirtual(async () => {
            const manager = await TaskManager.start({ maxTasks, cleanupTimeout: 1_000, onError: () => {} })
            let running = 0
            await Promise.all(
              plans.map(async (each, number) => {
                let attempt = 0
                let made = 0
                let alive = 0
                let read = 0
                const stream = manager.stream(
                  async function* ({ signal }) {
                    attempt += 1
                    made = 0
                    alive += 1
                    running += 1
                    expect(running).toBeLessThanOrEqual(maxTasks)
                    const fails = each.fails[attempt - 1] ?? Number.POSITIVE_INFINITY
                    try {
                      for (let item = 1; item <= each.items; item += 1) {
                        await delay(each.make[item % each.make.length] as number)
                        if (!each.deaf) signal.throwIfAborted()
                        if (item > fails) throw new Error(`attempt ${attempt}`)
                        made = item
                        expect(made).toBeLessThanOrEqual(read + each.buffer + (each.together > 1 ? each.together : 0))
                        yield `${attempt}.${item}`
                      }
                    } finally {
                      await delay(2)
                      alive -= 1
                      running -= 1
                    }
                  },
                  {
                    name: String(number),
                    buffer: each.buffer,
                    retry: { retries: each.retries, wait: 3 },
                    ...(each.timeout !== null && { timeout: each.timeout }),
                  },
                )
                if (each.cancelAt !== null) void delay(each.cancelAt).then(() => stream.cancel())
                await delay(each.readFrom)
                const seen: string[] = []
                const iterator = stream[Symbol.asyncIterator]()
                let failed = false
                let left = false
                try {
                  while (!left) {
                    const steps = await Promise.all(Array.from({ length: each.together }, () => iterator.next()))
                    for (const step of steps) {
                      if (step.done) left = true
                      else seen.push(step.value)
                    }
                    read = seen.length
                    await delay(each.read[seen.length % each.read.length] as number)
                    if (each.leaveAfter !== null && seen.length > each.leaveAfter) break
                  }
                  if (!left) await iterator.return?.()
                } catch {
                  failed = true
                }
                expect(alive).toBe(0)
                const [first = ''] = seen
                const of = first.split('.')[0]
                expect(seen).toEqual(seen.map((_, index) => `${of}.${index + 1}`))
                if (stream.status === 'done') {
                  expect(failed).toBe(false)
                  if (left) expect(seen).toHaveLength(each.items)
                }
                expect(stream.record().abandoned).toBe(false)
              }),
            )
            expect(manager.stats()).toMatchObject({ pending: 0, running: 0, stopping: 0, abandoned: 0 })
            await manager.close()
          })
        },
      ),
      runs(300),
    )
  })
})
