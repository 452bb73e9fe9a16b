import { expect, it } from 'vitest'
import { resourceLimit } from '../../src/index.ts'
import { Inbox } from '../../src/task/context/inbox.ts'
import type { TaskContext, TaskPermit } from '../../src/task/types.ts'
import { LimitsServer } from '../../src/worker/engine/limits-server.ts'
import { NO_LIMITS, NO_PERMIT } from '../../src/worker/messages/remote-limits.ts'
import { failureOf } from '../work.ts'

const acquire = { limits: 'acquire', amounts: { db: 1 }, options: undefined }

function contextOf(limits: TaskContext['limits']): TaskContext {
  const { signal } = new AbortController()
  return {
    id: 1,
    name: 'call',
    attempt: 1,
    signal,
    progress() {},
    messages: new Inbox().read(signal),
    limits,
    permit: NO_PERMIT,
  }
}

it('forgets a permit that was released, however many a long call takes', async () => {
  let released = 0
  const permit: TaskPermit = {
    release: () => void (released += 1),
    update() {},
    async [Symbol.asyncDispose]() {},
  }
  const desk = new LimitsServer(contextOf({ acquire: async () => permit }))
  for (let count = 0; count < 3; count++) {
    const id = await desk.answer(acquire)
    await desk.answer({ limits: 'release', permit: id })
  }
  desk.close()
  expect(released).toBe(3)
})

it('gives back at once what is granted after the call is over', async () => {
  const db = resourceLimit({ key: 'db', capacity: 1 })
  const held = await db.acquire()
  const desk = new LimitsServer(contextOf(db))
  const waiting = desk.answer(acquire)
  desk.close()
  held.release()
  await waiting
  expect(db.stats().available).toBe(1)
})

it('refuses what it does not know', async () => {
  expect(await failureOf(new LimitsServer(contextOf(NO_LIMITS)).answer({ what: 1 }))).toBeInstanceOf(TypeError)
})
