import { expect, it, onTestFinished } from 'vitest'
import { serverOf } from '../../../../src/connection/target.ts'
import { BrokerConnection } from '../../../../src/distributed/bullmq/broker-connection.ts'
import { until } from '../../../harness.ts'
import { describeEachServer } from '../../../servers/describe-each-server.ts'
import { ownQueue } from '../../../servers/queues.ts'

describeEachServer('listeners of events', server => {
  async function scene() {
    const failed: unknown[] = []
    const options = { connectTimeout: 10_000, prefix: undefined }
    const opened = await BrokerConnection.open(serverOf(server.url), options, error => failed.push(error))
    onTestFinished(() => opened.close())
    const queue = opened.queue(ownQueue(server, 'listeners'))
    const publish = (event: string, fields = {}) => opened.publish(queue, event, fields)
    return { opened, queue, publish, failed }
  }

  it('hear those after the one that they were told, in their order, with all fields', async () => {
    const { opened, queue, publish } = await scene()
    await publish('said', { what: 'too early' })
    const heard: unknown[] = []
    opened.hear(queue, await publish('start'), { said: fields => heard.push(fields) })
    for (const what of ['a', 'b', 'event', '']) await publish('said', { what, by: 'me' })
    await until(() => heard.length === 4)
    expect(heard).toEqual(['a', 'b', 'event', ''].map(what => ({ event: 'said', what, by: 'me' })))
  })

  it('are passed over by events that they do not wait for', async () => {
    const { opened, queue, publish, failed } = await scene()
    const heard: unknown[] = []
    opened.hear(queue, await publish('start'), { said: ({ what }) => heard.push(what) })
    for (const event of ['toString', 'constructor', '__proto__', 'unheard of']) await publish(event)
    await publish('said', { what: 'at last' })
    await until(() => heard.length > 0)
    expect({ heard, failed }).toEqual({ heard: ['at last'], failed: [] })
  })

  it('hear the next ones when one of them throws, and that is told', async () => {
    const { opened, queue, publish, failed } = await scene()
    const heard: unknown[] = []
    opened.hear(queue, await publish('start'), {
      said({ what = '' }) {
        heard.push(JSON.parse(what))
      },
    })
    for (const what of ['1', 'no JSON', '2']) await publish('said', { what })
    await publish('said', { what: '3' })
    await until(() => heard.length === 3)
    expect(heard).toEqual([1, 2, 3])
    expect(failed).toEqual([expect.any(SyntaxError)])
  })
})
