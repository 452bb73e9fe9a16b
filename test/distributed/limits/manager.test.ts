import { describe, expect, it, onTestFinished } from 'vitest'
import { limits, resourceLimit, TaskManager } from '../../../src/index.ts'
import { createGate } from '../../../src/testing.ts'
import { sharedOf } from './kinds.ts'
import { entriesUnder, ownPrefix, SERVERS } from './servers.ts'

const PER = 60_000_000
let names = 0

describe.each(SERVERS)('a manager whose tasks share a rate on %s', (_, connection) => {
  const prefix = ownPrefix()
  const open = () => {
    const limit = sharedOf('calls', 3, PER, { connection, prefix, name: `name-${names++}` })
    onTestFinished(() => limit.close())
    return limit
  }

  it.each([
    ['paused', (manager: TaskManager) => manager.pause(), (manager: TaskManager) => manager.resume()],
    [
      'busy',
      (manager: TaskManager) => void manager.spawn(() => new Promise(() => {}), { name: 'busy' }),
      (manager: TaskManager) => void manager.get(1)?.cancel(),
    ],
  ])('takes nothing of it while it is %s', async (_, block, unblock) => {
    await using manager = await TaskManager.start({ maxTasks: 1, cleanupTimeout: 1, closeTimeout: 0, logger: false })
    const [shared, other] = [open(), open()]
    const before = await entriesUnder(connection, prefix)
    block(manager)
    const started: number[] = []
    const three = createGate()
    const set = limits([shared, resourceLimit({ key: 'db', capacity: 9 })])
    for (const limited of [shared, set, shared, set, shared]) {
      manager.spawn(() => started.push(1) === 3 && three.open(), { limits: limited })
    }
    // What they took would be counted by then.
    await other.acquire()
    expect(await entriesUnder(connection, prefix)).toBe(before + 1)
    unblock(manager)
    await three
    expect(await entriesUnder(connection, prefix)).toBe(before + 4)
    expect(manager.stats()).toMatchObject({ pending: 2 })
    await manager.cancelAll()
  })
})
