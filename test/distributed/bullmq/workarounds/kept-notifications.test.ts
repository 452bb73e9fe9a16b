import { setTimeout as sleep } from 'node:timers/promises'
import { createPostgresBackend, QueueEvents } from 'bullmq'
import { expect, it, onTestFinished } from 'vitest'
import { serverOf } from '../../../../src/connection/target.ts'
import { BrokerConnection } from '../../../../src/distributed/bullmq/broker-connection.ts'
import {
  keepNotifications,
  type WaitingBackend,
} from '../../../../src/distributed/bullmq/workarounds/kept-notifications.ts'
import { describeOn } from '../../../servers/describe-each-server.ts'
import { ownQueue } from '../../../servers/queues.ts'

describeOn('postgres', 'an event between the look for events and the wait for them', server => {
  it('is read at once', async () => {
    const opened = await BrokerConnection.open(
      serverOf(server.url),
      { connectTimeout: 10_000, prefix: undefined },
      () => {},
    )
    onTestFinished(() => opened.close())
    const queue = opened.queue(ownQueue(server, 'kept-notifications'))
    const connection = server.url as never
    const events = new QueueEvents(queue.name, { connection, autorun: false }, createPostgresBackend as never)
    onTestFinished(() => events.close())
    const backend = events.getBackend() as unknown as WaitingBackend & ReturnType<typeof events.getBackend>
    const after = await opened.publish(queue, 'start')
    const fetch = backend.fetchEvents.bind(backend)
    let looks = 0
    backend.fetchEvents = async (...args) => {
      const found = await fetch(...args)
      looks += 1
      if (looks === 1) {
        await opened.publish(queue, 'said')
        // Until it has been announced.
        await sleep(200)
      }
      return found
    }
    keepNotifications(backend, queue.name)
    // Longer than a test may take.
    expect(await backend.readEvents(after, 600_000)).toMatchObject([
      [expect.anything(), [[expect.anything(), ['event', 'said']]]],
    ])
    expect(looks).toBe(2)
  })
})
