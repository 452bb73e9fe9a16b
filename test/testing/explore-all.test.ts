import { describe, expect, it } from 'vitest'
import { DeadlockError } from '../../src/base/errors.ts'
import { exploreAll, LivelockError, type Park, ScheduleError } from '../../src/testing.ts'

const elapse = (delay: number) => new Promise<void>(resolve => setTimeout(resolve, delay))

/** The schedules of a scenario, each written as one word. */
async function schedules(scenario: (step: Park) => Promise<unknown>): Promise<string[]> {
  const seen: string[] = []
  const orders = await exploreAll(async park => {
    let schedule = ''
    await scenario(async label => {
      await park(label)
      schedule += label
    })
    seen.push(schedule)
  })
  expect(orders).toBe(seen.length)
  return seen
}

describe('exploreAll', () => {
  it('runs a scenario once for every order of its steps', async () => {
    const seen = await schedules(step => Promise.all([step('a'), step('b'), step('c')]))
    expect(seen).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba'])
  })

  it('keeps the order within one sequence of steps', async () => {
    const both = async (step: Park, first: string, second: string) => {
      await step(first)
      await step(second)
    }
    const seen = await schedules(step => Promise.all([both(step, 'a', 'b'), both(step, '1', '2')]))
    expect(seen.toSorted()).toEqual(['12ab', '1a2b', '1ab2', 'a12b', 'a1b2', 'ab12'])
  })

  it('runs once when nothing is parked', async () => {
    expect(await exploreAll(() => {})).toBe(1)
  })

  it('finds the one order in which an update is lost, and names it', async () => {
    const error = await exploreAll(async park => {
      let counter = 0
      const increment = async (name: string) => {
        await park(`${name}:start`)
        const read = counter
        await park(`${name}:write`)
        counter = read + 1
      }
      await Promise.all([increment('x'), increment('y')])
      if (counter !== 2) throw new Error(`counted ${counter}`)
    }).catch((failure: unknown) => failure)
    expect(error).toBeInstanceOf(ScheduleError)
    expect(error).toMatchObject({
      name: 'ScheduleError',
      code: 'ERR_SCHEDULE',
      message: 'schedule [x:start y:start x:write y:write]: counted 1',
      schedule: ['x:start', 'y:start', 'x:write', 'y:write'],
      cause: { message: 'counted 1' },
    })
  })

  it('jumps to the next timer when nothing is parked', async () => {
    const seen = await schedules(async step => {
      await elapse(3_600_000)
      await Promise.all([step('a'), step('b')])
    })
    expect(seen).toEqual(['ab', 'ba'])
  })

  it('names the order that deadlocks', async () => {
    const error = await exploreAll(async park => {
      await park('a')
      await new Promise(() => {})
    }).catch((failure: unknown) => failure)
    expect(error).toMatchObject({ schedule: ['a'], cause: expect.any(DeadlockError) })
  })

  it('names the order that passes the horizon', async () => {
    const run = exploreAll(() => elapse(1_001), { horizon: 1_000 })
    await expect(run).rejects.toMatchObject({ schedule: [], cause: expect.any(LivelockError) })
  })

  it('refuses more interleavings than the limit, and runs just so many', async () => {
    let runs = 0
    const scenario = async (park: Park) => {
      runs++
      await Promise.all([park('a'), park('b'), park('c')])
    }
    await expect(exploreAll(scenario, { limit: 5 })).rejects.toThrow('more than 5 interleavings')
    expect(runs).toBe(5)
    await expect(exploreAll(scenario, { limit: 6 })).resolves.toBe(6)
  })

  it('refuses a scenario that the schedule does not determine', async () => {
    let runs = 0
    const scenario = async (park: Park) => {
      const labels = runs++ === 0 ? ['a', 'b'] : ['a', 'b', 'c']
      await Promise.all(labels.map(park))
    }
    await expect(exploreAll(scenario)).rejects.toThrow('not deterministic')
  })

  it('brings real time back after success and failure', async () => {
    const [timer, date] = [setTimeout, Date]
    await exploreAll(() => {})
    expect([setTimeout, Date]).toEqual([timer, date])
    await expect(exploreAll(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect([setTimeout, Date]).toEqual([timer, date])
  })

  it('refuses wrong arguments, naming them', async () => {
    await expect(exploreAll(undefined as never)).rejects.toThrow('run must be a function, got undefined')
    await expect(exploreAll(() => {}, { limit: 0 })).rejects.toThrow(/^limit must be .* got 0$/)
  })
})
