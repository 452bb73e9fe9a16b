import { describe, expect, it } from 'vitest'
import type { StreamItems } from '../../src/distributed/bullmq/stream-items.ts'
import { CallItems } from '../../src/distributed/call/call-items.ts'
import { JobStream } from '../../src/distributed/serve/job-stream.ts'
import { Channel } from '../../src/streams/channel.ts'
import { pump } from '../../src/streams/pump.ts'
import { runVirtual } from '../../src/testing.ts'
import { delay, failureOf } from '../work.ts'

/** A server that keeps items, and loses what it is told to. */
class Server implements StreamItems {
  readonly kept = new Map<string, string>()
  most = 0

  async add(stream: string, number: number, items: string): Promise<void> {
    this.kept.set(`${stream} ${number}`, items)
    this.most = Math.max(this.most, this.kept.size)
  }

  async after(stream: string, number: number) {
    const of = [...this.kept].filter(([key]) => key.startsWith(`${stream} `))
    return of.map(([key, items]) => [Number(key.split(' ')[1]), items] as const).filter(([each]) => each > number)
  }

  async remove(stream: string, numbers: readonly number[]): Promise<void> {
    for (const number of numbers) this.kept.delete(`${stream} ${number}`)
  }

  async drop(stream: string): Promise<void> {
    for (const key of this.kept.keys()) if (key.startsWith(`${stream} `)) this.kept.delete(key)
  }

  async sweep(): Promise<void> {}
}

/** Both ends of a stream whose events may be lost. */
function bothEnds(lost: (event: string) => boolean, buffer = 4) {
  const server = new Server()
  const stopping = new AbortController()
  const channel = new Channel(buffer)
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  const where = { queue: 'q', maxBytes: 1_000 }
  const worker = new JobStream({
    ...where,
    jobId: '1',
    fn: 'fn',
    items: server,
    async tell(event, { run }) {
      if (lost(event)) return
      if (event === 'stream') caller.began(run)
      else caller.came(run)
    },
    stop: reason => stopping.abort(reason),
  })
  const caller = new CallItems(channel.open(), () => '1', {
    ...where,
    items: async () => server,
    async grant(run, total) {
      if (!lost('credit')) worker.granted(run, total)
    },
    fail: failed.reject,
    disturbed: failed.reject,
  })
  return { server, channel, worker, caller, failed: failed.promise, stopping }
}

async function* count(to: number) {
  for (let item = 1; item <= to; item += 1) yield item
}

async function readAll(channel: Channel, ended: Promise<unknown>, read: (item: unknown) => void): Promise<void> {
  let over = false
  void ended.then(() => (over = true))
  for (;;) {
    const item = channel.take()
    if (typeof item === 'number') read(item)
    else if (over) return
    else await delay(10)
  }
}

describe('a stream on its way through a server', () => {
  it('comes whole and once although every third event is lost, and never waits for more than its credits', async () => {
    await runVirtual(async () => {
      let events = 0
      const { server, channel, worker, caller, stopping } = bothEnds(() => (events += 1) % 3 === 0)
      const items: unknown[] = []
      const counted = async function* () {
        for (let item = 1; item <= 50; item += 1) {
          expect(item).toBeLessThanOrEqual(items.length + 4)
          yield item
        }
      }
      const sent = pump(counted(), worker, stopping.signal)
        .then(() => worker.end())
        .then(() => caller.rest())
      await Promise.all([sent, readAll(channel, sent, item => items.push(item))])
      expect(items).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
      caller.close()
      expect(server.most).toBeLessThanOrEqual(4)
      expect(server.kept.size).toBe(0)
    })
  })

  it('stops when nobody is there to read it any more', async () => {
    await runVirtual(async () => {
      let dead = false
      const { worker, stopping, channel } = bothEnds(() => dead)
      const ended = failureOf(pump(count(Number.POSITIVE_INFINITY), worker, stopping.signal))
      await delay(2_000)
      expect(channel.take()).toBe(1)
      dead = true
      const before = performance.now()
      expect(await ended).toMatchObject({ message: 'nobody reads the stream any more' })
      expect(performance.now() - before).toBeLessThanOrEqual(36_000)
      await worker.end()
      expect(worker.failure).toMatchObject({ error: { message: 'nobody reads the stream any more' } })
    })
  })

  it('goes on for as long as its reader is there, however long that takes for an item', async () => {
    await runVirtual(async () => {
      const { worker, stopping, channel, caller } = bothEnds(() => false)
      const ended = pump(count(6), worker, stopping.signal)
      for (let item = 1; item <= 6; item += 1) {
        await delay(120_000)
        expect(channel.take()).toBe(item)
      }
      await ended
      await worker.end()
      caller.close()
    })
  })

  it('fails with an item that cannot be carried, and with items that can not be read or are missing', async () => {
    await runVirtual(async () => {
      const { worker, stopping, caller } = bothEnds(() => false)
      const items = async function* () {
        yield () => {}
      }
      expect(await failureOf(pump(items(), worker, stopping.signal))).toMatchObject({ code: 'ERR_SERIALIZATION' })
      await worker.end()
      caller.close()
      for (const [number, text] of [
        [1, 'nonsense'],
        [1, '[7]'],
        [1, '["x"]'],
        [2, '["j2"]'],
      ] as const) {
        const { server, caller: reader, failed, worker: other } = bothEnds(() => false)
        await delay(1)
        await server.add(`q:items:1:run`, number, text)
        reader.began('run')
        await reader.rest()
        expect(await failureOf(failed)).toBeInstanceOf(Error)
        reader.close()
        await other.end()
      }
    })
  })

  it('begins anew with another run until an item was read, and hears no more of runs that were over', async () => {
    await runVirtual(async () => {
      const { server, worker, caller, channel, stopping, failed } = bothEnds(() => false)
      let error: unknown
      failed.catch(reason => (error = reason))
      await pump(count(2), worker, stopping.signal)
      await worker.end()
      await caller.rest()
      caller.began('second')
      await server.add('q:items:1:second', 1, '["j11"]')
      await caller.rest()
      caller.began('third')
      await server.add('q:items:1:third', 1, '["j21","j22"]')
      await caller.rest()
      expect(channel.take()).toBe(21)
      caller.began('second')
      await delay(1)
      expect(error).toBeUndefined()
      caller.began('fourth')
      await delay(1)
      expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED' })
      expect(channel.take()).toBe(22)
      caller.close()
    })
  })
})
