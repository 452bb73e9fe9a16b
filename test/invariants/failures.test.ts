import { ensure, suspend, until } from 'effection'
import { describe, expect, it } from 'vitest'
import { TaskGroupError, TaskManager, type TaskManagerOptions } from '../../src/index.ts'
import { createGate, runVirtual, settle } from '../../src/testing.ts'

/** Runs `body` with a manager and returns what `onError` was told. */
async function told(body: (manager: TaskManager) => unknown, options?: TaskManagerOptions): Promise<unknown[]> {
  const errors: unknown[] = []
  await runVirtual(async () => {
    await using manager = await TaskManager.start({ ...options, onError: error => errors.push(error) })
    await body(manager)
    await settle()
  })
  return errors
}

const failNow = (error: Error) => {
  throw error
}
const failing = (error: Error) => () => Promise.reject(error)

describe('a failure', () => {
  const error = new Error('of the work')

  it('goes to onError once when nobody observes it', async () => {
    expect(await told(manager => void manager.spawn(failing(error)))).toEqual([error])
  })

  it('goes only to those who await the handle, early or late', async () => {
    const errors = await told(async manager => {
      const handle = manager.spawn(failing(error))
      await expect(handle).rejects.toBe(error)
      await expect(handle).rejects.toBe(error)
    })
    expect(errors).toEqual([])
  })

  it('goes only to those who await the handle in the same turn', async () => {
    const errors = await told(async manager => {
      const handle = manager.spawn(() => {
        throw error
      })
      await null
      expect(handle.status).toBe('failed')
      await expect(handle).rejects.toBe(error)
    })
    expect(errors).toEqual([])
  })

  it('touches nobody else', async () => {
    await told(async manager => {
      const other = createGate<string>()
      const handle = manager.spawn(() => other)
      await expect(manager.spawn(failing(error))).rejects.toBe(error)
      other.open('unharmed')
      expect(await handle).toBe('unharmed')
    })
  })

  it('of the body stays the primary one when the cleanup fails too', async () => {
    const ofCleanup = new Error('of the cleanup')
    const errors = await told(async manager => {
      const handle = manager.spawn(function* () {
        yield* ensure(() => {
          throw ofCleanup
        })
        throw error
      })
      await expect(handle).rejects.toBe(error)
      expect(handle.record()).toMatchObject({ status: 'failed', cleanupError: ofCleanup })
    })
    expect(errors).toEqual([ofCleanup])
  })

  it.each(['before', 'after'] as const)(
    'of the body stands when a stop came %s it and the cleanup hangs',
    async order => {
      await told(
        async manager => {
          const gate = createGate()
          const handle = manager.spawn(function* () {
            yield* ensure(() => until(createGate()))
            try {
              yield* until(gate)
            } finally {
              failNow(error)
            }
          })
          await settle()
          if (order === 'after') gate.open()
          await settle()
          handle.cancel()
          await expect(handle).rejects.toBe(error)
          expect(handle.record()).toMatchObject({ status: 'failed', abandoned: true })
        },
        { cleanupTimeout: 50 },
      )
    },
  )

  it('of the cleanup makes a task failed that was otherwise done', async () => {
    await told(async manager => {
      const handle = manager.spawn(function* () {
        yield* ensure(() => {
          throw error
        })
      })
      await expect(handle).rejects.toBe(error)
    })
  })
})

describe('failFast', () => {
  it('cancels the rest, and drain rejects with every failure', async () => {
    const [first, second] = [new Error('first'), new Error('second')]
    await told(
      async manager => {
        const gate = createGate()
        const both = [first, second].map(error =>
          manager.spawn(async ({ signal }) => {
            expect(signal.aborted).toBe(false)
            await gate
            throw error
          }),
        )
        const bystander = manager.spawn(suspend)
        for (const handle of [...both, bystander]) handle.catch(() => {})
        await settle()
        gate.open()
        const group = await manager.drain().catch((error: unknown) => error)
        expect(group).toBeInstanceOf(TaskGroupError)
        expect(group).toMatchObject({ cause: first, errors: [first, second] })
        expect(bystander.status).toBe('cancelled')
      },
      { failFast: true },
    )
  })
})
