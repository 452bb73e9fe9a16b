import { describe, expect, it } from 'vitest'
import type { TaskStream } from '../../../src/index.ts'
import { streams } from '../../fixtures/bullmq/fault-functions.ts'
import { until } from '../../harness.ts'
import { withPostgres, withRedis } from '../../servers/data.ts'
import { describeEachOwnServer, describeEachServer } from '../../servers/describe-each-server.ts'
import type { TestServer } from '../../servers/test-server.ts'
import { collect, failureOf } from '../../work.ts'
import { kill, LOCK, Scene } from './scene.ts'

/** How many items of a queue are on the server. */
async function leftBehind({ kind, url }: TestServer, queue: string): Promise<number> {
  if (kind === 'redis') return withRedis(url, async redis => (await redis.keys(`bull:${queue}:items:*`)).length)
  return withPostgres(url, async client => {
    const like = `${queue}:items:%`
    const { rows } = await client.query('SELECT count(*) FROM bullmq.taskscope_items WHERE stream LIKE $1', [like])
    return Number(rows[0].count)
  })
}

const itemsOf = (run: number, count: number) => Array.from({ length: count }, (_, index) => `${run}.${index + 1}`)

describeEachServer('a stream', server => {
  describe('whose worker is killed', () => {
    it('begins anew elsewhere when no item was read', async () => {
      const scene = new Scene(server)
      const caller = await scene.caller()
      const victim = await scene.machine({ lockDuration: LOCK })
      const stream = caller.submit(streams, scene.folder, 'a', 3)
      await scene.noted('half', 'a')
      await kill(victim)
      await scene.machine({ lockDuration: LOCK })
      scene.open('a-2')
      await scene.noted('started', 'a', 2)
      await stream.done
      expect(await collect(stream)).toEqual(itemsOf(2, 6))
      await until(async () => (await leftBehind(server, scene.queue)) === 0)
    })

    it('fails after the items that have come when one was read, and gives none twice', async () => {
      const scene = new Scene(server)
      const caller = await scene.caller()
      const victim = await scene.machine({ lockDuration: LOCK })
      const stream = caller.submit(streams, scene.folder, 'a', 3)
      const items: string[] = []
      const read = async (each: TaskStream<string>) => {
        for await (const item of each) items.push(item)
      }
      const reading = failureOf(read(stream))
      await until(() => items.length === 3)
      await kill(victim)
      await scene.machine({ lockDuration: LOCK })
      scene.open('a-2')
      expect(await reading).toMatchObject({ name: 'WorkerCrashedError', code: 'ERR_WORKER_CRASHED' })
      expect(items).toEqual(itemsOf(1, 3))
      // The second run is told to stop, and had no credit to send anything.
      await until(() => scene.notes('started', 'a').length < 2 || scene.notes('stopped', 'a').length > 0)
      await until(async () => (await leftBehind(server, scene.queue)) === 0)
    })

    it('is tried again by its own retry only until an item was read', async () => {
      const scene = new Scene(server)
      const caller = await scene.caller({ retry: { retries: 2, wait: 1 } })
      const victim = await scene.machine({ maxStalled: 0, lockDuration: LOCK })
      const stream = caller.submit(streams, scene.folder, 'a', 3)
      await scene.noted('half', 'a')
      await kill(victim)
      await scene.machine({ maxStalled: 0, lockDuration: LOCK })
      scene.open('a-2')
      await stream.done
      expect(await collect(stream)).toEqual(itemsOf(2, 6))
      expect(stream.record().attempt).toBe(2)
    })
  })

  it('whose worker closes begins anew elsewhere when no item was read', async () => {
    const scene = new Scene(server)
    const caller = await scene.caller()
    const first = await scene.machine({ closeTimeout: 50 })
    const stream = caller.submit(streams, scene.folder, 'a', 3)
    await scene.noted('half', 'a')
    first.child.kill('SIGTERM')
    await first.ended
    await scene.machine()
    scene.open('a-2')
    expect(await stream.done.then(() => collect(stream))).toEqual(itemsOf(2, 6))
  })

  it('leaves nothing behind, however it ends', async () => {
    const scene = new Scene(server)
    const caller = await scene.caller()
    await scene.machine({ maxTasks: 3 })
    scene.open('read-1')
    expect(await collect(caller.submit(streams, scene.folder, 'read', 50))).toEqual(itemsOf(1, 100))
    for await (const item of caller.submit(streams, scene.folder, 'left', 50)) if (item === '1.20') break
    expect(scene.notes('stopped', 'left')).toHaveLength(1)
    const unread = caller.submit(streams, scene.folder, 'unread', 50)
    await scene.noted('started', 'unread')
    await unread.cancel()
    expect(scene.notes('stopped', 'unread')).toHaveLength(1)
    await until(async () => (await leftBehind(server, scene.queue)) === 0)
  })
})

describeEachOwnServer('a stream', ({ start }) => {
  it('goes on when its server was away for a while, and loses no item', async () => {
    const { scene, server } = await Scene.onOwn(start)
    const caller = await scene.caller({ buffer: 4 })
    await scene.machine()
    const stream = caller.submit(streams, scene.folder, 'a', 100)
    const items: string[] = []
    for await (const item of stream) {
      items.push(item)
      if (items.length !== 30) continue
      await server.kill()
      await server.start()
      scene.open('a-1')
    }
    expect(items).toEqual(itemsOf(1, 200))
  })
})
