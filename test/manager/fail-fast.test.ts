import { describe, expect, it } from 'vitest'
import { TaskManager } from '../../src/index.ts'
import { settle } from '../harness.ts'

describe('failFast with close', () => {
  it('reports a failure that nobody observed once, however often it is closed', async () => {
    const reported: unknown[] = []
    const manager = await TaskManager.start({ failFast: true, onError: error => reported.push(error) })
    manager.spawn(() => Promise.reject('broken'))
    await settle()
    await Promise.all([manager.close(), manager.close()])
    await manager.close()
    await settle()
    expect(reported).toEqual(['broken'])
  })
})
