import { afterEach, describe, expect, it, vi } from 'vitest'
import { TaskManager } from '../../src/index.ts'
import { runVirtual } from '../../src/testing.ts'

const MANY = 40_000
const realNow = performance.now.bind(performance)

/** Takes two microseconds of any machine: so many take far longer than the 10 ms after which the event loop has a turn. */
const noWork = () => {
  const until = realNow() + 0.002
  while (realNow() < until);
}
const shortWork = async () => {
  await null
  noWork()
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index)
}

function timer(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 1))
}

afterEach(() => void vi.useRealTimers())

describe('the event loop', { timeout: 120_000 }, () => {
  it.each([
    ['synchronous', noWork],
    ['microtask-only', shortWork],
  ])('has its turns during a long run of %s tasks', async (_, work) => {
    await using manager = await TaskManager.start()
    for (let count = 0; count < MANY; count++) manager.spawn(work)
    const drained = manager.drain()
    await timer()
    expect(manager.stats().pending).toBeGreaterThan(0)
    await drained
    expect(manager.stats().done).toBe(MANY)
  })

  it('has its turns during a map over items that are ready', async () => {
    await using manager = await TaskManager.start()
    let fired: number | undefined
    let taken = 0
    void timer().then(() => {
      fired = taken
    })
    for await (const _ of manager.map(range(MANY), noWork)) taken++
    expect(fired).toBeLessThan(MANY)
    expect(taken).toBe(MANY)
  })

  it('has its turns while a great many pending tasks are cancelled, of which none starts', async () => {
    await using manager = await TaskManager.start(1)
    let started = 0
    const running = manager.spawn(
      ({ signal }) => new Promise<void>(resolve => signal.addEventListener('abort', () => resolve())),
    )
    await null
    manager.on('cancelled', noWork)
    for (let count = 0; count < MANY; count++) manager.spawn(() => started++)
    const cancelled = manager.cancelAll()
    expect(running.status).toBe('stopping')
    await timer()
    expect(manager.stats().pending).toBeGreaterThan(0)
    await cancelled
    expect(manager.stats()).toMatchObject({ pending: 0, running: 0, cancelled: MANY + 1 })
    expect(started).toBe(0)
  })

  it('has its turns while a manager with a great many pending tasks closes', async () => {
    const manager = await TaskManager.start({ autoStart: false })
    manager.on('cancelled', noWork)
    for (let count = 0; count < MANY; count++) manager.spawn(noWork)
    const closed = manager.close({ pending: 'cancel' })
    await timer()
    expect(manager.stats().pending).toBeGreaterThan(0)
    const { cancelled, done, neverStarted } = await closed
    expect({ cancelled, done, neverStarted: neverStarted.length }).toEqual({
      cancelled: MANY,
      done: 0,
      neverStarted: MANY,
    })
  })

  it('has its turns when the time to close is up, and all that never started are reported', async () => {
    const manager = await TaskManager.start(1)
    manager.on('cancelled', noWork)
    manager.spawn(
      ({ signal }) => new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true })),
    )
    for (let count = 0; count < MANY; count++) manager.spawn(noWork)
    const { neverStarted } = await manager.close({ timeout: 1 })
    expect(neverStarted.length).toBe(MANY)
  })
})

describe('a long run of ready tasks', { timeout: 120_000 }, () => {
  it('starts in the order of spawning', async () => {
    await using manager = await TaskManager.start()
    const order: number[] = []
    for (const index of range(MANY)) manager.spawn(() => order.push(index))
    await manager.drain()
    expect(order).toEqual(range(MANY))
  })

  it('leaves other managers their share', async () => {
    await using long = await TaskManager.start()
    await using short = await TaskManager.start()
    for (let count = 0; count < MANY; count++) long.spawn(noWork)
    const left = await short.spawn(() => long.stats().pending)
    expect(left).toBeGreaterThan(0)
    await long.drain()
  })

  it('does not hold back what is to start in the call of spawn', async () => {
    await using long = await TaskManager.start()
    await using other = await TaskManager.start()
    let late = 0
    const work = () => {
      if (other.spawn(noWork, { startNow: true }).status !== 'done') late++
    }
    for (let count = 0; count < MANY; count++) long.spawn(work)
    await long.drain()
    expect(late).toBe(0)
  })

  it('waits for no turn under a clock of tests', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
    await using manager = await TaskManager.start()
    for (let count = 0; count < 1_000; count++) manager.spawn(() => void vi.advanceTimersByTime(1))
    await null
    await null
    expect(manager.stats().done).toBe(1_000)
  })

  it('takes no virtual time', async () => {
    const { elapsed } = await runVirtual(async () => {
      await using manager = await TaskManager.start()
      for (let count = 0; count < MANY; count++) manager.spawn(noWork)
      await manager.drain()
    })
    expect(elapsed).toBe(0)
  })
})
