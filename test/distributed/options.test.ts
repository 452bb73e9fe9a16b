import { describe, expect, it } from 'vitest'
import { distributedSettings } from '../../src/distributed/options.ts'
import { task } from '../../src/worker.ts'
import { echo } from '../fixtures/bullmq/functions.ts'
import { failureOf } from '../work.ts'

const where = { connection: 'redis://127.0.0.1:1', queue: 'never asked' }

describe('names that go to a server', () => {
  it.each(['a\0b', '\ud800', 'a\udc00b'])('are whole characters without NUL: %j', async name => {
    for (const option of ['queue', 'prefix']) {
      const wrong = () => distributedSettings({ ...where, [option]: name })
      expect(wrong).toThrow(RangeError)
      expect(wrong).toThrow(new RegExp(`^${option} must be a name of whole characters and without NUL, got "`))
    }
    const call = async () => task(echo, { ...where, mode: 'distributed', name, connectTimeout: 1 })(1)
    expect(await failureOf(call())).toBeInstanceOf(RangeError)
  })

  it('may be any other text', () => {
    for (const queue of ['images', 'Bilder für alle', '画像 😀']) {
      expect(distributedSettings({ ...where, queue, prefix: queue })).toMatchObject({ queue, prefix: queue })
    }
  })

  it('are not told where they may have a password in them', () => {
    const wrong = () => distributedSettings({ ...where, queue: 'redis://me:c4nary@cache' })
    expect(wrong).toThrow('got "redis://***@cache"')
  })
})
