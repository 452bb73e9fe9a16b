import { describe, expect, it, onTestFinished } from 'vitest'
import { DeadlockError, TaskManager, TaskTimeoutError } from '../../../src/index.ts'
import { RATES, sharedOf } from './kinds.ts'
import { ownPrefix, SERVERS } from './servers.ts'

const PER = 60_000_000
let names = 0

describe.each(SERVERS)('what was taken on %s for a task', (_, connection) => {
  const prefix = ownPrefix()
  const open = (...[kind, capacity]: [Parameters<typeof sharedOf>[0], number]) => {
    const limit = sharedOf(kind, capacity, PER, { connection, prefix, name: `settled-${names++}` })
    onTestFinished(() => limit.close())
    return limit
  }

  it.each(RATES)('may turn out to be more, which is owed: %s', async kind => {
    await using manager = await TaskManager.start({ logger: false })
    const limit = open(kind, 10)
    const { key } = limit
    await manager.spawn(({ permit }) => permit.update({ [key]: 8 }), { limits: limit, cost: { [key]: 2 } })
    // It stands behind what is owed.
    await limit.acquire({ [key]: 2 })
    await manager.spawn(({ permit }) => permit.update({ [key]: 0 }), { limits: limit, cost: { [key]: 0 } })
    await expect(limit.acquire({}, { timeout: 50 })).rejects.toThrow(TaskTimeoutError)
  })

  it('is held to its end: it can not acquire that again', async () => {
    await using manager = await TaskManager.start({ logger: false })
    const limit = open('resource', 2)
    const again = manager.spawn(async ({ limits }) => void (await limits.acquire({ units: 2 })), { limits: limit })
    await expect(again).rejects.toThrow(DeadlockError)
    await manager.spawn(async ({ permit }) => permit.update({ units: 5 }), { limits: limit })
    await limit.acquire({ units: 2 })
  })
})
