import { expect, it, onTestFinished } from 'vitest'
import { serve, shared } from '../../../src/bullmq.ts'
import { resourceLimit } from '../../../src/index.ts'
import { double } from '../../fixtures/bullmq/fault-functions.ts'
import { describeEachServer, describeOwn } from '../../servers/describe-each-server.ts'
import { queueName } from '../../servers/queues.ts'
import { chaosProxyTo } from './chaos-proxy.ts'
import { Scene } from './scene.ts'

describeEachServer('a connection that is lost while a queue is opened', server => {
  it.each(['caller', 'who'])('fails no call: at %s', async event => {
    const scene = new Scene(server)
    await using _service = await serve([double], { connection: server.url, queue: scene.queue })
    const proxy = await chaosProxyTo(server.url)
    const caller = await scene.caller({ connection: proxy.url })
    proxy.dropAt(event)
    expect(await caller.submit(double, scene.folder, 1)).toBe(2)
  })

  it.each(['bullmq', 'who', 'worker'])('fails no start of a worker: at %s', async text => {
    const scene = new Scene(server)
    const proxy = await chaosProxyTo(server.url)
    proxy.dropAt(text)
    await using _service = await serve([double], { connection: proxy.url, queue: scene.queue })
    expect(proxy.dropped).toBe(true)
    const caller = await scene.caller()
    expect(await caller.submit(double, scene.folder, 1)).toBe(2)
  })
})

describeEachServer('a connection that is lost at the first question of a limit', server => {
  it('fails no acquisition', async () => {
    const proxy = await chaosProxyTo(server.url)
    const options = { connection: proxy.url, name: queueName('first'), prefix: queueName('limits') }
    const limit = shared(resourceLimit({ key: 'units', capacity: 1 }), options)
    onTestFinished(() => limit.close())
    proxy.dropAt(options.name)
    await using _permit = await limit.acquire()
    expect(proxy.dropped).toBe(true)
  })
})

describeOwn('postgres', 'a connection that is lost while the tables of limits are made', ({ start }) => {
  it('fails no acquisition', async () => {
    const { server } = await Scene.onOwn(start)
    const proxy = await chaosProxyTo(server.url)
    for (const text of ['CREATE TABLE', 'to_regclass', 'DELETE']) {
      const name = text.slice(0, 2)
      const limit = shared(resourceLimit({ key: 'units', capacity: 1 }), { connection: proxy.url, name })
      onTestFinished(() => limit.close())
      proxy.dropAt(text)
      await using _permit = await limit.acquire()
      expect(proxy.dropped).toBe(true)
    }
  })
})
