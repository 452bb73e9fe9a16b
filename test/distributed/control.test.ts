import { expect, it } from 'vitest'
import type { EventListeners } from '../../src/distributed/bullmq/workarounds/event-listeners.ts'
import { encodeThrown } from '../../src/distributed/protocol/protocol.ts'
import { Control } from '../../src/distributed/serve/control.ts'
import { failureOf } from '../work.ts'

it('a request may be refused before it is known to have been published', async () => {
  const published = Promise.withResolvers<string>()
  let listeners: EventListeners = {}
  const server = {
    queue: () => ({}),
    hear: (...[, , heard]: [unknown, unknown, EventListeners]) => {
      listeners = heard
    },
    publish: async (_: unknown, event: string) => (event === 'ask' ? published.promise : ''),
  }
  const control = await Control.start(
    server as never,
    { name: 'queue' } as never,
    { slots: 1, functions: [] },
    () => false,
  )
  const asked = failureOf(control.ask('job', 'what'))
  listeners.answer?.({ jobId: 'job', request: '1', error: encodeThrown(new RangeError('too much')) })
  await new Promise(resolve => setImmediate(resolve))
  published.resolve('')
  expect(await asked).toMatchObject({ name: 'RangeError', message: 'too much' })
})
