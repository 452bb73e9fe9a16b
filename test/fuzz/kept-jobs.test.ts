import type { Queue } from 'bullmq'
import fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import { serve } from '../../src/bullmq.ts'
import { encode } from '../../src/distributed/protocol/payload.ts'
import { failedReason } from '../../src/distributed/protocol/protocol.ts'
import { TaskWorker } from '../../src/worker.ts'
import { withQueue } from '../distributed/faults/engine.ts'
import { until } from '../harness.ts'
import { withPostgres, withRedis } from '../servers/data.ts'
import { describeEachServer } from '../servers/describe-each-server.ts'
import { ownQueue } from '../servers/queues.ts'
import type { TestServer } from '../servers/test-server.ts'
import { mutated } from './mutated.ts'
import { watchPrototypes } from './prototypes.ts'
import { patience, runs } from './runs.ts'

/** Calls whose jobs are rewritten, all at a time; as many are left as they are. */
const TOGETHER = 20
const USUAL = 1

/** What a server keeps of a job that has ended. */
interface Kept {
  readonly state: 'completed' | 'failed'
  /** As it is kept: JSON of a result, or the reason of a failure. */
  readonly text: string
}

function echo(value: unknown): unknown {
  return value
}

const MAX_BYTES = 2 ** 20
const FAILURE = Object.assign(new RangeError('refused', { cause: new TypeError('cause') }), { code: 'ERR_REFUSED' })
const RESULTS = [3, 'text', { a: [1, { b: null }] }, new Map([[1, new Date(0)]]), [new Error('one')], undefined].map(
  value => encode(value, { of: 'result', name: 'echo' }, MAX_BYTES),
)
const REASONS = (['threw', 'timeout', 'stopped', 'abandoned'] as const).map(ending =>
  failedReason({ ending, error: FAILURE }),
)

const kept: fc.Arbitrary<Kept> = fc.oneof(
  fc
    .constantFrom(...RESULTS)
    .chain(mutated)
    .map(result => ({ state: 'completed' as const, text: JSON.stringify(result) ?? 'null' })),
  fc
    .constantFrom(...REASONS)
    .chain(mutated)
    .map(reason => ({ state: 'failed' as const, text: typeof reason === 'string' ? reason : JSON.stringify(reason) })),
)

/** Has a job that waits have ended; says whether the server has taken that: PostgreSQL keeps no NUL. */
async function rewrite({ kind, url }: TestServer, queue: string, id: string, { state, text }: Kept): Promise<boolean> {
  const field = state === 'completed' ? 'returnvalue' : 'failedReason'
  if (kind === 'redis') {
    await withRedis(url, async redis => {
      const key = `bull:${queue}`
      await redis
        .multi()
        .hset(`${key}:${id}`, field, text)
        .lrem(`${key}:wait`, 1, id)
        .zadd(`${key}:${state}`, Date.now(), id)
        .exec()
    })
    return true
  }
  const column = state === 'completed' ? 'return_value = $4::jsonb' : 'failed_reason = $4'
  const statement = `UPDATE bullmq.job SET state = $3, ${column} WHERE queue = $1 AND id = $2`
  return await withPostgres(url, client => client.query(statement, [queue, id, state, text])).then(
    () => true,
    () => false,
  )
}

describeEachServer('jobs that others have rewritten', server => {
  it(
    'settle their own calls, with an error where they make no sense, and no others',
    async () => {
      const where = { queue: ownQueue(server, 'kept'), connection: server.url }
      const caller = await TaskWorker.start({ mode: 'distributed', ...where, maxWorkers: 1_000, logger: false })
      onTestFinished(async () => void (await caller.close({ timeout: 0 })))
      const unchanged = watchPrototypes()
      const property = fc.asyncProperty(fc.array(kept, { minLength: TOGETHER, maxLength: TOGETHER }), changes =>
        withQueue(server, where.queue, async queue => {
          const calls = Array.from({ length: 2 * TOGETHER }, (_, number) => caller.submit(echo, number))
          const outcomes = Promise.allSettled(calls)
          const jobs = await waiting(queue, calls.length)
          const taken = new Map<number, Kept>()
          const forge = async (change: Kept, index: number) => {
            const job = jobs[index] as (typeof jobs)[number]
            if (await rewrite(server, where.queue, job.id, change)) taken.set(job.number, change)
            // It says nothing itself, so that what is kept is asked for.
            await queue.getBackend().publishEvent({ event: 'completed', jobId: job.id } as never, 10_000)
          }
          await Promise.all(changes.map(forge))
          await Promise.allSettled([...taken.keys()].map(number => calls[number]))
          expect(calls.filter(call => call.done()).length).toBe(taken.size)
          await using _service = await serve([echo], where)
          for (const [number, outcome] of (await outcomes).entries()) {
            const change = taken.get(number)
            if (change === undefined) expect(outcome).toEqual({ status: 'fulfilled', value: number })
            else if (change.state === 'failed') expect(outcome.status).toBe('rejected')
            else if (!/^"[uvj]/.test(change.text))
              expect(outcome).toMatchObject({ reason: { code: 'ERR_SERIALIZATION' } })
          }
          unchanged()
        }),
      )
      await fc.assert(property, { ...runs(USUAL), endOnFailure: true })
    },
    patience(30 * USUAL),
  )
})

/** The jobs that wait, with what their calls were given. */
async function waiting(queue: Pick<Queue, 'getWaiting'>, count: number): Promise<{ id: string; number: number }[]> {
  const jobs = await until(async () => {
    const found = await queue.getWaiting(0, -1)
    return found.length === count && found
  })
  return jobs.map(({ id, data }) => ({ id: id as string, number: JSON.parse(data.args.slice(1))[0] }))
}
