import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { serverOf } from '../../../../src/connection/target.ts'
import { BrokerConnection } from '../../../../src/distributed/bullmq/broker-connection.ts'
import { until } from '../../../harness.ts'
import { describeOn } from '../../../servers/describe-each-server.ts'
import { ownQueue } from '../../../servers/queues.ts'

describeOn('postgres', 'events that are committed after younger ones', server => {
  async function scene() {
    const name = ownQueue(server, 'late-events')
    const options = { connectTimeout: 10_000, prefix: undefined }
    const opened = await BrokerConnection.open(serverOf(server.url), options, () => {})
    onTestFinished(() => opened.close())
    const queue = opened.queue(name)
    const seen: string[] = []
    opened.hear(queue, await opened.publish(queue, 'start'), { said: ({ what = '' }) => seen.push(what) })
    const publish = (client: pg.ClientBase, what: string, to = name) =>
      client.query('SELECT bullmq.publish_event($1, $2, $3)', [to, 'said', JSON.stringify({ what })])
    const clients = await Promise.all(
      [1, 2].map(async () => {
        const client = new pg.Client({ connectionString: server.url, options: '-c search_path=bullmq' })
        await client.connect()
        onTestFinished(() => client.end())
        return client
      }),
    )
    const [early, late] = clients as [pg.Client, pg.Client]
    return { seen, publish, early, late }
  }

  it('are seen, once each', async () => {
    const { seen, publish, early, late } = await scene()
    await late.query('BEGIN')
    await publish(late, 'the first')
    await publish(early, 'the second')
    await until(() => seen.length === 1)
    await late.query('COMMIT')
    await until(() => seen.length === 2)
    await publish(early, 'the third')
    await until(() => seen.length === 3)
    expect(seen).toEqual(['the second', 'the first', 'the third'])
  })

  it('are seen among those of other queues, and not those', async () => {
    const { seen, publish, early, late } = await scene()
    await late.query('BEGIN')
    for (let n = 0; n < 50; n += 1) await publish(early, 'for others', 'late-events-others')
    await publish(late, 'the first')
    await publish(early, 'for others', 'late-events-others')
    await publish(early, 'the second')
    await until(() => seen.length === 1)
    await late.query('COMMIT')
    await until(() => seen.length === 2)
    expect(seen).toEqual(['the second', 'the first'])
    await early.query(`DELETE FROM event WHERE queue = 'late-events-others'`)
  })

  it('are not waited for when they never come', async () => {
    const { seen, publish, early, late } = await scene()
    await late.query('BEGIN')
    await publish(late, 'never')
    await publish(early, 'the second')
    await late.query('ROLLBACK')
    await publish(early, 'the third')
    await until(() => seen.length === 2)
    expect(seen).toEqual(['the second', 'the third'])
  })
})
